// The ways in which a latent is shown without a VAE. Source: Impact Pack bridge_nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { LATENT_COLOURS } from '../../../../sampling/model/latent-preview.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';

/** In the order of the original. */
export const PREVIEW_METHODS = [
  'Latent2RGB-FLUX.1',
  'Latent2RGB-SDXL',
  'Latent2RGB-SD15',
  'Latent2RGB-SD3',
  'Latent2RGB-SD-X4',
  'Latent2RGB-Playground-2.5',
  'Latent2RGB-SC-Prior',
  'Latent2RGB-SC-B',
  'Latent2RGB-LTXV',
  'TAEF1',
  'TAESDXL',
  'TAESD15',
  'TAESD3',
] as const;
export type PreviewMethod = (typeof PREVIEW_METHODS)[number];

/** Methods that are autoencoders: their names in VAELoader, and the channels of their latents. */
export const TINY_AUTOENCODERS: Readonly<
  Record<string, { readonly name: string; readonly channels: number }>
> = {
  TAEF1: { name: 'taef1', channels: 16 },
  TAESDXL: { name: 'taesdxl', channels: 4 },
  TAESD15: { name: 'taesd', channels: 4 },
  TAESD3: { name: 'taesd3', channels: 16 },
};

/** The methods that a hint names, by the channels of a latent. */
const USUAL_METHODS: Readonly<Record<number, string>> = {
  16: 'Latent2RGB-FLUX.1 or Latent2RGB-SD3',
};

/** The channels of the latents that a method shows in colours; undefined if it has none. */
export const colourChannels = (method: string): number | undefined =>
  LATENT_COLOURS[method]?.format.channels;

/**
 * Throws DR_INPUT_INVALID unless a method, which shows latents of `channels`, supports the latent.
 * `alternative` continues the hint.
 */
export function checkPreviewMethod(
  method: string,
  channels: number | undefined,
  { shape }: Tensor,
  alternative = '',
): void {
  if (channels === shape[1]) return;
  const usual = USUAL_METHODS[shape[1]] ?? 'Latent2RGB-SD15 or Latent2RGB-SDXL';
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `the preview method ${method} does not support latents of ${shape[1]} channels`,
    hint: `Choose ${usual}${alternative}.`,
    input: 'preview_method',
  });
}
