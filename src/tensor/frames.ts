// Latents with frames [B, C, T, H, W], of models that also make videos, as images [B, C, H, W].

import { allocate } from './allocate.ts';
import { narrow } from './axes.ts';
import { reshape, type Tensor, tensor } from './tensor.ts';

/** Returns the frames of a latent; one without frames is its only one. */
export function framesOf(x: Tensor): readonly Tensor[] {
  if (x.shape.length === 4) return [x];
  const [batch, channels, count, height, width] = x.shape;
  return Array.from({ length: count }, (_, i) =>
    reshape(narrow(x, 2, i, 1), [batch, channels, height, width]),
  );
}

/** Joins frames [B, C, H, W] to [B, C, T, H, W]. */
export function stackFrames(frames: readonly Tensor[]): Tensor {
  const [batch, channels, height, width] = frames[0].shape;
  const plane = height * width;
  const data = allocate(batch * channels * frames.length * plane);
  for (let i = 0; i < batch * channels; i++)
    for (const [t, frame] of frames.entries())
      data.set(frame.data.subarray(i * plane, (i + 1) * plane), (i * frames.length + t) * plane);
  return tensor([batch, channels, frames.length, height, width], data);
}
