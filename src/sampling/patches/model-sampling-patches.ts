// Models with another model sampling (comfy_extras/nodes_model_advanced.py).
import { DarkroomError } from '../../errors.ts';
import { type FlowOptions, flowSampling, fluxSampling } from '../model/flow-sampling.ts';
import { SDXL_PLAYGROUND } from '../model/latent-format.ts';
import {
  type ContinuousOptions,
  continuousSampling,
  type DiscreteFlow,
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

/** Sets flow sampling over 1000 shifted times; keeps the model's factor on noise. */
export const withFlowSampling = (
  model: Model,
  flow: DiscreteFlow & Pick<FlowOptions, 'prediction'>,
): Model => ({
  ...model,
  sampling: flowSampling({ ...flow, noiseScale: model.sampling.noiseScale }),
});

export interface ImageSizeShift {
  /** The shifts for 256 and for 4096 tokens of 16 x 16 pixels. */
  readonly baseShift: number;
  readonly maxShift: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

const [FEW_TOKENS, MANY_TOKENS] = [256, 4096];

/**
 * Sets FLUX.1's sampling with the shift for an image's number of tokens, a line through two shifts
 * (ModelSamplingFlux). The factor on noise is 1 again.
 */
export function withFluxSampling(
  model: Model,
  { baseShift, maxShift, width, height }: ImageSizeShift,
): Model {
  const slope = (maxShift - baseShift) / (MANY_TOKENS - FEW_TOKENS);
  const shift = ((width * height) / 256) * slope + (baseShift - slope * FEW_TOKENS);
  return { ...model, sampling: fluxSampling({ shift }) };
}

/**
 * Sets the factor of a flow model on all noise (ModelNoiseScale). Throws DR_INPUT_INVALID for
 * models without a shifted flow, FLUX.1 among them, as the original fails for them.
 */
export function withNoiseScale(model: Model, noiseScale: number): Model {
  const flow = model.sampling.discreteFlow;
  if (!flow)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'ModelNoiseScale is for flow models with a shift, which this model is not',
      hint: 'Put ModelSamplingSD3 or ModelSamplingAuraFlow before it, or remove it.',
      input: 'model',
    });
  return { ...model, sampling: flowSampling({ ...flow, noiseScale }) };
}
