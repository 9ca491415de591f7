// What the LATENT_OPERATION sockets carry: functions on latents [B,C,H,W]. Source: ComfyUI comfy_extras/nodes_latent.py.
import { sharpenPlanes } from '../../image/blur/blur-and-sharpen.ts';
import { map, type Tensor, tensor } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';

export type LatentOperation = (latent: Tensor) => Tensor;

/** The length of the vector of channels in each cell, [B,1,H,W]. */
export function magnitudes({ shape: [batch, channels, height, width], data }: Tensor): Tensor {
  const plane = height * width;
  const out = new Float32Array(batch * plane);
  for (let item = 0; item < batch; item++)
    for (let cell = 0; cell < plane; cell++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += data[(item * channels + c) * plane + cell] ** 2;
      out[item * plane + cell] = Math.sqrt(sum);
    }
  return tensor([batch, 1, height, width], out);
}

/** Each value and the one of its cell in [B,1,H,W]. */
export function withCells(
  x: Tensor,
  cells: Tensor,
  f: (value: number, cell: number) => number,
): Tensor {
  const [, channels, height, width] = x.shape;
  const plane = height * width;
  return map(x, (value, i) =>
    f(value, cells.data[Math.floor(i / (channels * plane)) * plane + (i % plane)]),
  );
}

/** Reinhard's tone mapping of the magnitudes: they stay below `multiplier` times mean + so many deviations of each item. */
export const tonemapReinhard =
  (multiplier: number, deviations = 5): LatentOperation =>
  (latent) => {
    const long = map(magnitudes(latent), (length) => f32(length) + 1e-10);
    const each = long.data.length / long.shape[0];
    const mapped = new Float32Array(long.data.length);
    for (let from = 0; from < mapped.length; from += each) {
      const own = long.data.subarray(from, from + each);
      let sum = 0;
      for (const value of own) sum += value;
      let squares = 0;
      for (const value of own) squares += (value - sum / each) ** 2;
      const top = f32(
        f32(f32(f32(Math.sqrt(squares / (each - 1))) * deviations) + f32(sum / each)) *
          f32(multiplier),
      );
      for (let i = 0; i < each; i++) {
        const share = f32(own[i] * f32(1 / top));
        mapped[from + i] = f32(share / f32(share + 1)) * top;
      }
    }
    const direction = withCells(latent, long, (value, length) => value / length);
    return withCells(direction, tensor(long.shape, mapped), (value, length) => value * length);
  };

/** Sharpens the directions of the cells' vectors; their lengths stay. Throws DR_INPUT_INVALID. */
export const sharpenOperation =
  (radius: number, sigma: number, alpha: number): LatentOperation =>
  (latent) => {
    const long = map(magnitudes(latent), (length) => f32(length) + f32(1e-6));
    const direction = withCells(latent, long, (value, length) => value / length);
    return withCells(
      sharpenPlanes(direction, radius, sigma, alpha),
      long,
      (value, length) => value * length,
    );
  };
