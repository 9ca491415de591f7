// ImageBlend of ComfyUI's post-processing nodes: blends a second image over the first in one of six
// modes.

import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { upscaleImage } from '../resize/common-upscale.ts';
import { matchChannels } from './composite.ts';

const f = Math.fround;

/** The brightening curve of soft light (W3C compositing). */
const soften = (x: number): number =>
  x <= 0.25 ? f(f(f(f(f(16 * x) - 12) * x) + 4) * x) : f(Math.sqrt(x));

/** The result of each mode for a value of the first (a) and second (b) image, in float32 steps. */
export const BLEND_MODES = {
  normal: (_, b) => b,
  multiply: (a, b) => f(a * b),
  screen: (a, b) => f(1 - f(f(1 - a) * f(1 - b))),
  overlay: (a, b) => (a <= 0.5 ? f(f(2 * a) * b) : f(1 - f(f(2 * f(1 - a)) * f(1 - b)))),
  soft_light: (a, b) =>
    b <= 0.5
      ? f(a - f(f(f(1 - f(2 * b)) * a) * f(1 - a)))
      : f(a + f(f(f(2 * b) - 1) * f(soften(a) - a))),
  difference: (a, b) => f(a - b),
} satisfies Record<string, (a: number, b: number) => number>;

export type BlendMode = keyof typeof BLEND_MODES;

/**
 * Blends NHWC images; the result is clamped to 0..1. Where the sizes differ, the second image is
 * resized to the first's (bicubic, cropped around the centre). Throws DR_SHAPE_MISMATCH for unequal
 * batches.
 */
export function blendImages(
  first: Tensor,
  second: Tensor,
  factor: number,
  mode: BlendMode,
): Tensor {
  const [n, h, w] = first.shape;
  const matched = matchChannels(first, second);
  const other =
    matched.shape.join() === first.shape.join()
      ? matched
      : upscaleImage(matched, { width: w, height: h }, 'bicubic', 'center');
  const count = other.shape[0];
  if (count !== n && count !== 1 && n !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `cannot blend a batch of ${n} images with ${count}`,
      hint: 'Use batches of the same size, or a single image.',
    });
  const items = Math.max(n, count);
  const size = h * w * first.shape[3];
  const apply: (a: number, b: number) => number = BLEND_MODES[mode];
  const firstWeight = f(1 - factor);
  const blendWeight = f(factor);
  const data = allocate(items * size);
  for (let i = 0; i < data.length; i++) {
    const a = first.data[n === 1 ? i % size : i];
    const b = other.data[count === 1 ? i % size : i];
    data[i] = Math.min(Math.max(f(a * firstWeight) + f(apply(a, b) * blendWeight), 0), 1);
  }
  return { shape: [items, ...first.shape.slice(1)], data };
}
