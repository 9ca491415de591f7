// Rectangles as PIL.ImageDraw draws them, into 8-bit images.
import type { ByteImage } from '../image-bytes.ts';

/** Corners, both inclusive. */
export interface Corners {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Sets the pixels of a rectangle; what lies outside the image is left out. */
export function fillRectangle(
  { width, height, channels, bytes }: ByteImage,
  { left, top, right, bottom }: Corners,
  colour: readonly number[],
): void {
  for (let y = Math.max(top, 0); y <= Math.min(bottom, height - 1); y++)
    for (let x = Math.max(left, 0); x <= Math.min(right, width - 1); x++)
      bytes.set(colour, (y * width + x) * channels);
}

/** Draws the border of a rectangle, `thickness` pixels inwards. */
export function outlineRectangle(
  image: ByteImage,
  { left, top, right, bottom }: Corners,
  colour: readonly number[],
  thickness: number,
): void {
  for (let i = 0; i < thickness; i++) {
    fillRectangle(image, { left, right, top: top + i, bottom: top + i }, colour);
    fillRectangle(image, { left, right, top: bottom - i, bottom: bottom - i }, colour);
    // a line goes from its start up to its end without it, also upwards
    const [start, end] = [top + thickness, bottom - thickness + 1];
    const [from, to] = start <= end ? [start, end - 1] : [end + 1, start];
    fillRectangle(image, { left: right - i, right: right - i, top: from, bottom: to }, colour);
    fillRectangle(image, { left: left + i, right: left + i, top: from, bottom: to }, colour);
  }
}
