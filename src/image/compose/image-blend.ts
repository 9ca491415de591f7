// ImageBlend of ComfyUI's post-processing nodes: the second image over the first in one of six modes.
import { DarkroomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { upscaleImage } from '../resize/common-upscale.ts';
import { matchChannels } from './composite.ts';

const f = Math.fround;

/** The brightening curve of soft light (W3C compositing). */
const soften = (x: number): number =>
  x <= 0.25 ? f(f(f(f(f(16 * x) - 12) * x) + 4) * x) : f(Math.sqrt(x));

/** Result of each mode for one value of the first (a) and second (b) image, in float32 steps. */
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

/** Blends NHWC images; the second is fitted to the first's size (bicubic, cut around the centre) when they differ. Result in 0..1. */
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
      hint: 'use batches of the same size, or a single image',
    });
  const items = Math.max(n, count);
  const size = h * w * first.shape[3];
  const apply: (a: number, b: number) => number = BLEND_MODES[mode];
  const keep = f(1 - factor);
  const add = f(factor);
  const data = new Float32Array(items * size);
  for (let i = 0; i < data.length; i++) {
    const a = first.data[n === 1 ? i % size : i];
    const b = other.data[count === 1 ? i % size : i];
    data[i] = Math.min(Math.max(f(a * keep) + f(apply(a, b) * add), 0), 1);
  }
  return { shape: [items, ...first.shape.slice(1)], data };
}
