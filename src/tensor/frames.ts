// Latents with frames [B, C, T, H, W], of models that also make videos, as images [B, C, H, W].
import { concatAxis, narrow } from './axes.ts';
import { reshape, type Tensor } from './tensor.ts';

/** The number of frames of a latent of this shape; 1 without an axis of them. */
export const frameCount = (shape: readonly number[]): number => (shape.length === 5 ? shape[2] : 1);

/** Returns the frames of a latent; one without frames is its only one. */
export function framesOf(x: Tensor): readonly Tensor[] {
  if (x.shape.length === 4) return [x];
  const [batch, channels, count, height, width] = x.shape;
  return Array.from({ length: count }, (_, i) =>
    reshape(narrow(x, 2, i, 1), [batch, channels, height, width]),
  );
}

/** Joins frames [B, C, H, W] to [B, C, T, H, W]. */
export const stackFrames = (frames: readonly Tensor[]): Tensor =>
  concatAxis(
    frames.map((frame) => reshape(frame, [...frame.shape.slice(0, 2), 1, ...frame.shape.slice(2)])),
    2,
  );
