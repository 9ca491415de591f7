// Model patches: what a node puts between the network and the sampler (comfy_extras/nodes_model_advanced.py,
// nodes_differential_diffusion.py, nodes_perpneg.py). Each gives a new model; the old one stays as it is.
import { DarkroomError } from '../../errors.ts';
import { map, type Tensor, tensor } from '../../tensor/tensor.ts';
import { f32, sqrt, square } from '../float32.ts';
import { perpendicular } from '../guiders/guider.ts';
import { SDXL_PLAYGROUND } from '../model/latent-format.ts';
import {
  type ContinuousOptions,
  continuousSampling,
  type DiscreteOptions,
  discreteSampling,
} from '../model/model-sampling.ts';
import type {
  Conditioning,
  GuidanceStep,
  LatentFormat,
  Model,
  ModelPatches,
} from '../sampling-types.ts';

const patched = (model: Model, patches: ModelPatches): Model => ({
  ...model,
  patches: { ...model.patches, ...patches },
});

/** The choices of ModelSamplingDiscrete. An LCM knows only the 50 timesteps it was distilled on. */
export const DISCRETE_SAMPLINGS = {
  eps: { prediction: 'eps' },
  v_prediction: { prediction: 'v' },
  lcm: { prediction: 'lcm', timesteps: 50 },
  x0: { prediction: 'x0' },
  img_to_img: { prediction: 'img_to_img' },
} as const satisfies Record<string, DiscreteOptions>;

/** Says what the network predicts, over the usual 1000 steps; the checkpoint's own zsnr does not count any more. */
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
  cosmos_rflow: { prediction: 'cosmos_rflow', clock: 'cosmos' },
} as const satisfies Record<string, ContinuousChoice>;

/** The choices of ModelSamplingContinuousV. */
export const CONTINUOUS_V_SAMPLINGS = {
  v_prediction: { prediction: 'v', clock: 'v' },
} as const satisfies Record<string, ContinuousChoice>;

/** A continuous range of sigmas. Throws DR_INPUT_INVALID when an end is not above 0. */
export function withContinuousSampling(
  model: Model,
  choice: ContinuousChoice,
  sigmaMin: number,
  sigmaMax: number,
): Model {
  for (const [input, value] of [['sigma_min', sigmaMin] as const, ['sigma_max', sigmaMax] as const])
    if (!(value > 0))
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `${input} is ${value}`,
        hint: `Give a ${input} above 0.`,
        input,
      });
  const { latentFormat = model.latentFormat, ...options } = choice;
  return {
    ...model,
    latentFormat,
    sampling: continuousSampling({ ...options, sigmaMin, sigmaMax }),
  };
}

/** Pulls the guided prediction's deviation back to that of the positive side ("Common Diffusion Noise Schedules …", arXiv 2305.08891). */
export const withRescaledCfg = (model: Model, multiplier: number): Model =>
  patched(model, { cfgFunction: (step) => rescaled(step, multiplier) });

/** The rescale works on velocities, whatever the model predicts. */
function rescaled({ x, sigma, cfg, cond, uncond }: GuidanceStep, multiplier: number): Tensor {
  const variance = f32(square(sigma) + 1);
  const root = sqrt(variance);
  const data = x.data;
  const flat = data.map((value) => value / variance);
  const velocity = ({ data: denoised }: Tensor): Float32Array =>
    data.map(
      (value, i) => f32(f32(flat[i] - f32(value - f32(value - denoised[i]))) * root) / sigma,
    );

  const [positive, negative] = [velocity(cond), velocity(uncond)];
  const guided = positive.map((value, i) => negative[i] + f32(f32(cfg) * f32(value - negative[i])));

  const out = new Float32Array(data.length);
  const each = data.length / x.shape[0];
  for (let from = 0; from < data.length; from += each) {
    const item = (values: Float32Array): Float32Array => values.subarray(from, from + each);
    const factor = f32(deviation(item(positive)) / deviation(item(guided)));
    for (let i = from; i < from + each; i++) {
      const final = f32(
        f32(f32(multiplier) * f32(guided[i] * factor)) + f32(f32(1 - multiplier) * guided[i]),
      );
      const noise = f32(data[i] - f32(flat[i] - f32(f32(final * sigma) / root)));
      out[i] = data[i] - noise;
    }
  }
  return tensor(x.shape, out);
}

/** Standard deviation of a sample. */
function deviation(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return f32(Math.sqrt(squares / (values.length - 1)));
}

/** The noise mask says from which step on each cell is changed ("Differential Diffusion", arXiv 2306.00950); below strength 1 partly. */
export const withDifferentialDiffusion = (model: Model, strength = 1): Model =>
  patched(model, {
    denoiseMask(sigma, mask, { sigmas, sampling }) {
      const first = sampling.timestep(sigmas[0]);
      const last = sampling.timestep(Math.max(sigmas[sigmas.length - 1], sampling.sigmaMin));
      const threshold = f32((sampling.timestep(sigma) - last) / (first - last));
      const binary = (value: number): number => (value >= threshold ? 1 : 0);
      if (strength <= 0 || strength >= 1) return map(mask, binary);
      const [hard, soft] = [f32(strength), f32(1 - strength)];
      return map(mask, (value) => f32(hard * binary(value)) + f32(soft * value));
    },
  });

/** Perpendicular negative guidance with a prompt that stands for nothing (PerpNeg; arXiv 2304.04968). */
export const withPerpNeg = (model: Model, empty: Conditioning, negScale: number): Model =>
  patched(model, {
    async cfgFunction({ x, cfg, cond, uncond, evaluate }) {
      const nothing = await evaluate({ negative: empty });
      const guided = perpendicular(cond, uncond, nothing, negScale, cfg);
      return map(x, (value, i) => value - f32(value - guided.data[i]));
    },
  });
