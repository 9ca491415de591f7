// Colours as texts, `#rrggbb`. Source: ComfyUI 0.33.0 comfy_extras/color_util.py.

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The colour of `#rrggbb`, with or without `#`; undefined for other texts. */
export function hexColour(text: string): Rgb | undefined {
  const digits = /^#*([0-9a-f]{6})$/i.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const at = (i: number): number => Number.parseInt(digits.slice(i, i + 2), 16);
  return [at(0), at(2), at(4)];
}
