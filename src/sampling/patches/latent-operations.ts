// Functions on latents [B,C,H,W], the values of LATENT_OPERATION sockets. Source: ComfyUI
// comfy_extras/nodes_latent.py.

import { DarkroomError } from '../../errors.ts';
import { sharpenPlanes } from '../../image/blur/blur-and-sharpen.ts';
import { allocate } from '../../tensor/allocate.ts';
import { map, sizeOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';

export type LatentOperation = (latent: Tensor) => Tensor;

/** The norm of each cell's channel vector, [B,1,H,W]; cells of all frames, if there are some. */
export function magnitudes({ shape: [batch, channels, ...size], data }: Tensor): Tensor {
  const plane = sizeOf(size);
  const out = allocate(batch * plane);
  for (let item = 0; item < batch; item++)
    for (let cell = 0; cell < plane; cell++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += data[(item * channels + c) * plane + cell] ** 2;
      out[item * plane + cell] = Math.sqrt(sum);
    }
  return tensor([batch, 1, ...size], out);
}

/** Combines each value of `x` with its cell's value in `cells` [B,1,H,W]. */
export function withCells(
  x: Tensor,
  cells: Tensor,
  f: (value: number, cell: number) => number,
): Tensor {
  const [, channels, ...size] = x.shape;
  const plane = sizeOf(size);
  return map(x, (value, i) =>
    f(value, cells.data[Math.floor(i / (channels * plane)) * plane + (i % plane)]),
  );
}

/**
 * Reinhard's tone mapping of the norms: for each item they stay below `multiplier` times (mean +
 * `deviations` standard deviations).
 */
export const tonemapReinhard =
  (multiplier: number, deviations = 5): LatentOperation =>
  (latent) => {
    const norms = map(magnitudes(latent), (length) => f32(length) + 1e-10);
    const each = norms.data.length / norms.shape[0];
    const mapped = allocate(norms.data.length);
    for (let from = 0; from < mapped.length; from += each) {
      const item = norms.data.subarray(from, from + each);
      let sum = 0;
      for (const value of item) sum += value;
      let squares = 0;
      for (const value of item) squares += (value - sum / each) ** 2;
      const top = f32(
        f32(f32(f32(Math.sqrt(squares / (each - 1))) * deviations) + f32(sum / each)) *
          f32(multiplier),
      );
      for (let i = 0; i < each; i++) {
        const share = f32(item[i] * f32(1 / top));
        mapped[from + i] = f32(share / f32(share + 1)) * top;
      }
    }
    const direction = withCells(latent, norms, (value, length) => value / length);
    return withCells(direction, tensor(norms.shape, mapped), (value, length) => value * length);
  };

const hasFrames = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'LatentOperationSharpen cannot sharpen latents with frames; ComfyUI fails on them too',
    hint: 'Leave it out for this model.',
    input: 'operation',
  });

/** Sharpens the directions of the channel vectors; their norms stay. Throws DR_INPUT_INVALID. */
export const sharpenOperation =
  (radius: number, sigma: number, alpha: number): LatentOperation =>
  (latent) => {
    if (latent.shape.length === 5) throw hasFrames();
    const norms = map(magnitudes(latent), (length) => f32(length) + f32(1e-6));
    const direction = withCells(latent, norms, (value, length) => value / length);
    return withCells(
      sharpenPlanes(direction, radius, sigma, alpha),
      norms,
      (value, length) => value * length,
    );
  };
