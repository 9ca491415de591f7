// Models with another model sampling (comfy_extras/nodes_model_advanced.py).
import { DarkroomError } from '../../errors.ts';
import { SDXL_PLAYGROUND } from '../model/latent-format.ts';
import {
  type ContinuousOptions,
  continuousSampling,
  type DiscreteOptions,
  discreteSampling,
} from '../model/model-sampling.ts';
import type { LatentFormat, Model } from '../sampling-types.ts';

/** The choices of ModelSamplingDiscrete. An LCM is distilled on 50 timesteps only. */
export const DISCRETE_SAMPLINGS = {
  eps: { prediction: 'eps' },
  v_prediction: { prediction: 'v' },
  lcm: { prediction: 'lcm', timesteps: 50 },
  x0: { prediction: 'x0' },
  img_to_img: { prediction: 'img_to_img' },
} as const satisfies Record<string, DiscreteOptions>;

/**
 * Sets what the network predicts, over the usual 1000 steps; replaces the checkpoint's own zsnr.
 */
export const withDiscreteSampling = (
  model: Model,
  sampling: keyof typeof DISCRETE_SAMPLINGS,
  zsnr: boolean,
): Model => ({
  ...model,
  sampling: discreteSampling({ ...DISCRETE_SAMPLINGS[sampling], zsnr }),
});

interface ContinuousChoice extends Omit<ContinuousOptions, 'sigmaMin' | 'sigmaMax'> {
  readonly latentFormat?: LatentFormat;
}

/** The choices of ModelSamplingContinuousEDM. */
export const EDM_SAMPLINGS = {
  v_prediction: { prediction: 'v' },
  edm: { prediction: 'edm', sigmaData: 0.5 },
  'edm_playground_v2.5': { prediction: 'edm', sigmaData: 0.5, latentFormat: SDXL_PLAYGROUND },
  eps: { prediction: 'eps' },
  cosmos_rflow: { prediction: 'cosmos_rflow', timeMapping: 'cosmos' },
} as const satisfies Record<string, ContinuousChoice>;

/** The choices of ModelSamplingContinuousV. */
export const CONTINUOUS_V_SAMPLINGS = {
  v_prediction: { prediction: 'v', timeMapping: 'v' },
} as const satisfies Record<string, ContinuousChoice>;

/** Sets a continuous range of sigmas. Throws DR_INPUT_INVALID unless both ends are above 0. */
export function withContinuousSampling(
  model: Model,
  choice: ContinuousChoice,
  sigmaMin: number,
  sigmaMax: number,
): Model {
  for (const [input, value] of [['sigma_min', sigmaMin] as const, ['sigma_max', sigmaMax] as const])
    if (!(value > 0))
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `${input} must be above 0, got ${value}`,
        hint: `Set ${input} to a value above 0.`,
        input,
      });
  const { latentFormat = model.latentFormat, ...options } = choice;
  return {
    ...model,
    latentFormat,
    sampling: continuousSampling({ ...options, sigmaMin, sigmaMax }),
  };
}
