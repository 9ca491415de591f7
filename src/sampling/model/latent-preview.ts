// A small image of a latent, computed without a network: its four channels as colours
// (comfy.latent_formats latent_rgb_factors). The Impact Pack's previews have no offsets; ComfyUI's
// previews during sampling have them.
import type { ByteImage } from '../../image/image-bytes.ts';
import { ownValue } from '../../own-value.ts';
import { sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import type { LatentFormat, Model } from '../sampling-types.ts';
import { SD, SD_LATENT, SD_X4, SDXL, SDXL_PLAYGROUND, toModelLatent } from './latent-format.ts';

interface Colours {
  readonly format: LatentFormat;
  /** Red, green, blue per channel. */
  readonly factors: readonly (readonly [number, number, number])[];
  /** Red, green, blue of an empty latent; 0 by default. */
  readonly bias?: readonly [number, number, number];
}

/** By the names of the Impact Pack's preview methods; all are for latents of four channels. */
export const LATENT_COLOURS: Readonly<Record<string, Colours>> = {
  'Latent2RGB-SD15': {
    format: SD,
    factors: [
      [0.3512, 0.2297, 0.3227],
      [0.325, 0.4974, 0.235],
      [-0.2829, 0.1762, 0.2721],
      [-0.212, -0.2616, -0.7177],
    ],
  },
  'Latent2RGB-SDXL': {
    format: SDXL,
    factors: [
      [0.3651, 0.4232, 0.4341],
      [-0.2533, -0.0042, 0.1068],
      [0.1076, 0.1111, -0.0362],
      [-0.3165, -0.2492, -0.2188],
    ],
  },
  'Latent2RGB-SD-X4': {
    format: SD_X4,
    factors: [
      [-0.234, -0.3863, -0.3257],
      [0.0994, 0.0885, -0.0908],
      [-0.2833, -0.2349, -0.3741],
      [0.2523, -0.0055, -0.1651],
    ],
  },
  'Latent2RGB-Playground-2.5': {
    format: SDXL_PLAYGROUND,
    factors: [
      [0.392, 0.4054, 0.4549],
      [-0.2634, -0.0196, 0.0653],
      [0.0568, 0.1687, -0.0755],
      [-0.3112, -0.2359, -0.2076],
    ],
  },
  'Latent2RGB-SC-B': {
    format: { ...SD_LATENT, scale: 1 / 0.43 },
    factors: [
      [0.1121, 0.2006, 0.1023],
      [-0.2093, -0.0222, -0.0195],
      [-0.3087, -0.1535, 0.0366],
      [0.029, -0.1574, -0.4078],
    ],
  },
};

/**
 * Converts the first item of [B,4,H,W] to W x H pixels; `scaled` if it is in model units already.
 */
export function previewLatent(
  latent: Tensor,
  { format, factors, bias = [0, 0, 0] }: Colours,
  scaled = false,
): ByteImage {
  const first = sliceBatch(latent, 0, 1);
  const { data } = scaled ? first : toModelLatent(format, first);
  const [, channels, height, width] = first.shape;
  const plane = height * width;
  const bytes = new Uint8Array(plane * 3);
  for (let i = 0; i < plane; i++)
    for (let colour = 0; colour < 3; colour++) {
      let sum = f32(bias[colour]);
      for (let c = 0; c < channels; c++)
        sum = f32(sum + f32(data[c * plane + i] * f32(factors[c][colour])));
      bytes[i * 3 + colour] = Math.min(Math.max((sum + 1) / 2, 0), 1) * 255;
    }
  return { width, height, channels: 3, bytes };
}

const SAMPLING_COLOURS: readonly Colours[] = [
  LATENT_COLOURS['Latent2RGB-SD15'],
  { ...LATENT_COLOURS['Latent2RGB-SDXL'], bias: [0.1084, -0.0175, -0.0011] },
  LATENT_COLOURS['Latent2RGB-Playground-2.5'],
  LATENT_COLOURS['Latent2RGB-SD-X4'],
];

/** Fitted to latents and pictures of the embedded checkpoints, whose autoencoder is their own. */
const EMBEDDED: Colours = {
  format: SDXL,
  factors: [
    [0.4134, 0.0876, -0.1515],
    [-0.162, -0.339, 0.06],
    [-0.3269, -0.2405, -0.5269],
    [-0.3306, 0.2328, 0.0508],
  ],
  bias: [0.4759, 0.2744, 0.0782],
};

/** Checkpoints with latents of their own, by the titles in their files (`modelspec.title`). */
const COLOURS_BY_TITLE: Readonly<Record<string, Colours>> = {
  'Darkroom Tiny Base': EMBEDDED,
  'Darkroom Tiny Refiner': EMBEDDED,
};

/**
 * Converts a denoised latent in the units of a model to an image; undefined for formats without
 * colours.
 */
export function samplingPreview(
  { latentFormat: format, title }: Pick<Model, 'latentFormat' | 'title'>,
  denoised: Tensor,
): ByteImage | undefined {
  const colours =
    ownValue(COLOURS_BY_TITLE, title ?? '') ??
    SAMPLING_COLOURS.find((c) => c.format === format) ??
    SAMPLING_COLOURS.find((c) => c.format.scale === format.scale);
  return colours && denoised.shape[1] === colours.format.channels
    ? previewLatent(denoised, colours, true)
    : undefined;
}
