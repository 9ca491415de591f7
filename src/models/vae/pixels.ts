// Pixels before and behind an autoencoder's networks: sizes, and 0..1 to -1..1.
import { DarkroomError } from '../../errors.ts';
import { cropPlanes } from '../../image/resize/common-upscale.ts';
import { concatAxis, narrow } from '../../tensor/axes.ts';
import { full, map, type Tensor } from '../../tensor/tensor.ts';

/** 0..1 to -1..1. */
export const toSigned = (x: Tensor): Tensor => map(x, (v) => Math.fround(v * 2) - 1);

/** -1..1 to 0..1, clamped. */
export const fromSigned = (x: Tensor): Tensor =>
  map(x, (v) => Math.min(1, Math.max(0, Math.fround(v + 1) / 2)));

/**
 * Crops planes [N, C, H, W] around the centre to multiples of `factor`, as VAE.encode does. Throws
 * DR_INPUT_INVALID for images that are smaller than that.
 */
export function cropToMultiples(x: Tensor, factor: number): Tensor {
  const [, , height, width] = x.shape;
  const [h, w] = [height - (height % factor), width - (width % factor)];
  if (h === 0 || w === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `an image of ${width}x${height} pixels is too small to encode`,
      hint: `Both sides must be at least ${factor} pixels.`,
    });
  if (h === height && w === width) return x;
  return cropPlanes(x, {
    left: Math.floor((width % factor) / 2),
    top: Math.floor((height % factor) / 2),
    width: w,
    height: h,
  });
}

/** The first channels of planes [N, C, H, W], or opaque alpha behind fewer. */
export function withChannels(planes: Tensor, count: number): Tensor {
  const [batch, given, height, width] = planes.shape;
  if (given === count) return planes;
  if (given > count) return narrow(planes, 1, 0, count);
  return concatAxis([planes, full([batch, count - given, height, width], 1)], 1);
}
