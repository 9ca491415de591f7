// Widths and heights, of pictures or of what they are shown in.

/** In pixels of a picture, or in CSS pixels of the screen. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A size times a factor, in whole pixels of which there is at least one. */
export const scaledSize = ({ width, height }: Size, scale: number): Size => ({
  width: Math.max(Math.round(width * scale), 1),
  height: Math.max(Math.round(height * scale), 1),
});
