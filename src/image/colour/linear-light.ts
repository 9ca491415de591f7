// Linear light of encoded values and back, in float32. Alpha is unchanged.
// Source: IEC 61966-2-1 (sRGB), ITU-R BT.2100 (HLG); ComfyUI comfy_extras/nodes_images.py.

const f = Math.fround;

export function srgbToLinear(x: number): number {
  if (x <= f(0.04045)) return f(x / f(12.92));
  return f(f(f(x + f(0.055)) / f(1.055)) ** 2.4);
}

export function linearToSrgb(x: number): number {
  if (x <= f(0.0031308)) return f(x * f(12.92));
  return f(f(f(1.055) * f(x ** (1 / 2.4))) - f(0.055));
}

const [A, B, C] = [0.17883277, 0.28466892, 0.55991072928];

function hlgToLinear(x: number): number {
  if (x <= 0.5) return f(f(x * x) / 3);
  return f(f(f(Math.exp(f(f(x - f(C)) / f(A)))) + f(B)) / 12);
}

const ENCODINGS = {
  sRGB: srgbToLinear,
  HDR: hlgToLinear,
  linear: (x: number) => x,
} as const;

export type Encoding = keyof typeof ENCODINGS;

/** Linear light of pixels with `channels` values, of which the fourth is alpha. */
export const toLinearLight = (
  values: Float32Array,
  channels: number,
  encoding: Encoding,
): Float32Array =>
  values.map((value, i) => (i % channels === 3 ? value : ENCODINGS[encoding](value)));
