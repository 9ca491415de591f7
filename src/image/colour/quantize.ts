// ImageQuantize (comfy_extras/nodes_post_processing.py): reduces images to the colours of a palette
// that Pillow makes of them.
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { bayer } from './bayer.ts';
import { medianCutPalette } from './median-cut.ts';
import { ditherToPalette, mapToPalette } from './palette-map.ts';

const f = Math.fround;

export const DITHERS = [
  'none',
  'floyd-steinberg',
  'bayer-2',
  'bayer-4',
  'bayer-8',
  'bayer-16',
] as const;
export type Dither = (typeof DITHERS)[number];

/** Reduces images [N,H,W,3] to at most `colours` colours each, 1..256. */
export function quantize(images: Tensor, colours: number, dither: Dither): Tensor {
  const [count, height, width, channels] = images.shape;
  const size = height * width * channels;
  const out = allocate(images.data.length);
  for (let i = 0; i < count; i++) {
    const item = images.data.subarray(i * size, (i + 1) * size);
    const pixels = Uint8Array.from(item, (value) => f(value * 255));
    const palette = medianCutPalette(pixels, colours);
    const mapped =
      dither === 'floyd-steinberg'
        ? ditherToPalette(pixels, { width, height }, palette)
        : mapToPalette(withBayer(pixels, width, palette, dither), palette);
    out.set(
      Float32Array.from(mapped, (value) => value / 255),
      i * size,
    );
  }
  return tensor(images.shape, out);
}

/** Adds the ordered pattern of a dither, if it has one. */
function withBayer(
  pixels: Uint8Array,
  width: number,
  palette: Uint8Array,
  dither: Dither,
): Uint8Array {
  const side = Number(dither.split('-')[1] ?? 0);
  if (!side) return pixels;
  const spread = f((2 * 256) / (palette.length / 3));
  const pattern = bayer(side).map((value) => f(spread * value) + 0.5);
  return pixels.map((value, i) => {
    const pixel = Math.floor(i / 3);
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    return Math.min(Math.max(f(value + pattern[(y % side) * side + (x % side)]), 0), 255);
  });
}
