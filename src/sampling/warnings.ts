// What the originals never say: one line each, told once per run by the context; none changes a result.
import { isSoftMask } from '../image/mask/core-masks.ts';
import type { Tensor } from '../tensor/tensor.ts';

export const GPU_NOISE_WARNING =
  'the noise of a *_gpu sampler is made as the CPU makes it: pictures equal those of the name without _gpu';

/** The latent is lost from this step (1-based) on: the picture will be black. */
export const nanWarning = (step: number, total: number): string =>
  `NaN at step ${step} of ${total}: the picture will be black; lower the cfg, try another sampler or scheduler, or check the model file`;

/** A sampler that adds noise can't be run backwards. */
export const irreversibleSamplerWarning = (sampler: string): string =>
  `'${sampler}' adds fresh noise in every step, so the latent can't be sampled back to the picture; use euler, heun or dpmpp_2m`;

/** A line for a mask whose soft part is about to become hard; nothing for a mask of 0 and 1 alone. `rule`: 'every value above 0 counts as 1' … */
export const softMaskWarning = (name: string, mask: Tensor, rule: string): string | undefined =>
  isSoftMask(mask) ? `${name} has soft edges, which become hard here: ${rule}` : undefined;
