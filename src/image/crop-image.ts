// Cuts rectangles out of images [N,H,W,C].
import { narrow } from '../tensor/axes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Region } from './geometry.ts';

/** The part of images that lies in `region`, which is within them. */
export const cropImage = (images: Tensor, { left, top, width, height }: Region): Tensor =>
  narrow(narrow(images, 1, top, height), 2, left, width);

/** The part of images that lies in `region`, of at least a pixel: its corner is moved into them. */
export function cropWithin(images: Tensor, { left, top, width, height }: Region): Tensor {
  const [, rows, columns] = images.shape;
  const [x, y] = [Math.min(left, columns - 1), Math.min(top, rows - 1)];
  const size = { width: Math.min(width, columns - x), height: Math.min(height, rows - y) };
  return cropImage(images, { left: x, top: y, ...size });
}
