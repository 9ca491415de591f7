// The scale and shift between the latents of a VAE and those of a model (comfy.latent_formats).
import { type LatentScale, QWEN21_SCALE, WAN_SCALE } from '../../models/vae/latent-scale.ts';
import { map, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import type { LatentFormat } from '../sampling-types.ts';

/** The size of all Stable Diffusion latents: 4 channels, one cell for 8 x 8 pixels. */
export const SD_LATENT = { channels: 4, downscaleRatio: 8 } as const;

export const SD: LatentFormat = { ...SD_LATENT, scale: 0.18215, tiny: 'taesd' };
export const SDXL: LatentFormat = { ...SD_LATENT, scale: 0.13025, tiny: 'taesdxl' };
/** Playground v2.5: each channel is normalised by its own mean and deviation. */
export const SDXL_PLAYGROUND: LatentFormat = {
  ...SD_LATENT,
  scale: 0.5,
  mean: [-1.6574, 1.886, -1.383, 2.5155],
  std: [8.4927, 5.9022, 6.5498, 5.2299],
  tiny: 'taesdxl',
};

/** Stable Diffusion's x4 upscaler, whose cells are of 4 x 4 pixels; ComfyUI counts them as 8 x 8. */
export const SD_X4: LatentFormat = { ...SD_LATENT, scale: 0.08333 };

/** The size of the latents of SD3 and FLUX.1: 16 channels, one cell for 8 x 8 pixels. */
const FLOW_LATENT = { channels: 16, downscaleRatio: 8 } as const;

/** Stable Diffusion 3 and 3.5. */
export const SD3: LatentFormat = {
  ...FLOW_LATENT,
  scale: 1.5305,
  shift: 0.0609,
  tiny: 'taesd3',
};
/** FLUX.1 and the models with its autoencoder: Chroma, Lumina 2, Z-Image. */
export const FLUX: LatentFormat = {
  ...FLOW_LATENT,
  scale: 0.3611,
  shift: 0.1159,
  tiny: 'taef1',
};

/** FLUX.2, whose autoencoder normalises its latents and joins 2 x 2 cells to one. */
export const FLUX2: LatentFormat = { channels: 128, downscaleRatio: 16, scale: 1, tiny: 'taef2' };

/** Wan 2.1, and Qwen-Image, whose pictures are videos of one frame. */
export const WAN21: LatentFormat = { ...FLOW_LATENT, ...WAN_SCALE, hasFrames: true };

/** Qwen-Image 2.1. */
export const QWEN21: LatentFormat = { channels: 64, downscaleRatio: 16, ...QWEN21_SCALE };

/** Model latents from VAE latents [B,C,H,W] (process_latent_in). */
export function toModelLatent(format: LatentScale, latent: Tensor): Tensor {
  const { scale, shift, mean, std } = format;
  const k = f32(scale);
  if (shift !== undefined) return map(latent, (value) => f32(value - f32(shift)) * k);
  if (!mean || !std) return map(latent, (value) => value * k);
  const channel = channelOf(latent);
  return map(
    latent,
    (value, i) => f32(f32(value - f32(mean[channel(i)])) * k) / f32(std[channel(i)]),
  );
}

/** VAE latents from model latents [B,C,H,W] (process_latent_out). */
export function fromModelLatent(format: LatentScale, latent: Tensor): Tensor {
  const { scale, shift, mean, std } = format;
  const k = f32(scale);
  if (shift !== undefined) return map(latent, (value) => f32(value / k) + f32(shift));
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
