// The ways in which a latent is shown without a VAE. Source: Impact Pack bridge_nodes.py.
import { DarkroomError } from '../../../../errors.ts';
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

/** Methods for latents of 16 or, for LTX-Video, 128 channels. */
const METHODS_OF_OTHERS: readonly string[] = [
  'Latent2RGB-FLUX.1',
  'Latent2RGB-SD3',
  'Latent2RGB-SC-Prior',
  'Latent2RGB-LTXV',
  'TAEF1',
  'TAESD3',
];

/**
 * Throws DR_INPUT_INVALID for a method that does not support the latent. `alternative` continues
 * the hint.
 */
export function checkPreviewMethod(method: string, { shape }: Tensor, alternative = ''): void {
  if (!METHODS_OF_OTHERS.includes(method) && shape[1] !== 16) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `the preview method ${method} does not support latents of ${shape[1]} channels`,
    hint: `Choose Latent2RGB-SD15 or Latent2RGB-SDXL${alternative}.`,
    input: 'preview_method',
  });
}
