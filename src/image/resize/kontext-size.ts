// The picture sizes that FLUX.1 Kontext was trained with (comfy_extras/nodes_flux.py).
import type { Size } from '../geometry.ts';

/** Sides in pixels, by width. */
const SIZES: readonly Size[] = [
  [672, 1568],
  [688, 1504],
  [720, 1456],
  [752, 1392],
  [800, 1328],
  [832, 1248],
  [880, 1184],
  [944, 1104],
  [1024, 1024],
  [1104, 944],
  [1184, 880],
  [1248, 832],
  [1328, 800],
  [1392, 752],
  [1456, 720],
  [1504, 688],
  [1568, 672],
].map(([width, height]) => ({ width, height }));

/** The size whose aspect is nearest to that of a picture; the narrower of two. */
export function kontextSize({ width, height }: Size): Size {
  const distance = (size: Size): number => Math.abs(width / height - size.width / size.height);
  return SIZES.reduce((best, size) => (distance(size) < distance(best) ? size : best));
}
