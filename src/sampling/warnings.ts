// Warnings that the original does not have. They do not change results; the context shows each line
// once per run.
import { isSoftMask } from '../image/mask/core-masks.ts';
import type { Tensor } from '../tensor/tensor.ts';

export const GPU_NOISE_WARNING =
  'the noise of a *_gpu sampler is generated as on the CPU: ' +
  'images equal those of the sampler without _gpu';

export const UNSEEDED_WARNING =
  'HyperTile and TomePatchModel draw from the generator of the initial noise, which ComfyUI does ' +
  'not seed without noise: here it starts from the seed';

/** The latent is NaN from this step (1-based) on. */
export const nanWarning = (step: number, total: number): string =>
  `NaN at step ${step} of ${total}: the image will be black; ` +
  'lower the cfg, try another sampler or scheduler, or check the model file';

/** A sampler that adds noise cannot be run backwards. */
export const irreversibleSamplerWarning = (samplerName: string): string =>
  `'${samplerName}' adds fresh noise in every step, ` +
  "so the latent can't be sampled back to the image; use euler, heun or dpmpp_2m";

/**
 * Returns a warning for a mask with soft edges that are about to become hard; undefined for a mask
 * of 0 and 1 only. `rule` says how, such as 'every value above 0 counts as 1'.
 */
export const softMaskWarning = (name: string, mask: Tensor, rule: string): string | undefined =>
  isSoftMask(mask) ? `${name} has soft edges, which become hard here: ${rule}` : undefined;
