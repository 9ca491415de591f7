// The scale and shift between the latents of a VAE and those of a model (comfy.latent_formats).
import { map, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import type { LatentFormat } from '../sampling-types.ts';

/** The size of all Stable Diffusion latents: 4 channels, one cell for 8 x 8 pixels. */
export const SD_LATENT = { channels: 4, downscaleRatio: 8 } as const;

export const SD: LatentFormat = { ...SD_LATENT, scale: 0.18215 };
export const SDXL: LatentFormat = { ...SD_LATENT, scale: 0.13025 };
/** Playground v2.5: each channel is normalised by its own mean and deviation. */
export const SDXL_PLAYGROUND: LatentFormat = {
  ...SD_LATENT,
  scale: 0.5,
  mean: [-1.6574, 1.886, -1.383, 2.5155],
  std: [8.4927, 5.9022, 6.5498, 5.2299],
};

/** Stable Diffusion's x4 upscaler: one cell for 4 x 4 pixels. */
export const SD_X4: LatentFormat = { channels: 4, downscaleRatio: 4, scale: 0.08333 };

/** Model latents from VAE latents [B,C,H,W] (process_latent_in). */
export function toModelLatent({ scale, mean, std }: LatentFormat, latent: Tensor): Tensor {
  const k = f32(scale);
  if (!mean || !std) return map(latent, (value) => value * k);
  const channel = channelOf(latent);
  return map(
    latent,
    (value, i) => f32(f32(value - f32(mean[channel(i)])) * k) / f32(std[channel(i)]),
  );
}

/** VAE latents from model latents [B,C,H,W] (process_latent_out). */
export function fromModelLatent({ scale, mean, std }: LatentFormat, latent: Tensor): Tensor {
  const k = f32(scale);
  if (!mean || !std) return map(latent, (value) => value / k);
  const channel = channelOf(latent);
  return map(
    latent,
    (value, i) => f32(f32(value * f32(std[channel(i)])) / k) + f32(mean[channel(i)]),
  );
}

function channelOf({ shape }: Tensor): (index: number) => number {
  const plane = sizeOf(shape.slice(2));
  return (index) => Math.floor(index / plane) % shape[1];
}

/** Whether all values are 0. Only other latents are scaled: an empty one stays 0 in any format. */
export const isEmptyLatent = ({ data }: Tensor): boolean => !data.some((value) => value !== 0);
