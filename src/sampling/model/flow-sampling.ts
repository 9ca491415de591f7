// Model samplings of flow models, whose latents are mixtures of data and noise
// (comfy.model_sampling ModelSamplingDiscreteFlow and ModelSamplingFlux): sigma is the share of the
// noise, from 0 to 1. Rectified flow (arXiv 2209.03003); shifted times: Stable Diffusion 3 (arXiv
// 2403.03206), FLUX.1.
import { f32 } from '../float32.ts';
import { type DiscreteFlow, type ModelSampling, modelSampling } from './model-sampling.ts';

/** Sigmas in the tables. */
const STEPS = 1000;
const FLUX_STEPS = 10000;

/** ComfyUI's percent_to_sigma outside of 0..1. */
const clampedPercent =
  (inside: (time: number) => number) =>
  (percent: number): number => {
    if (percent <= 0) return 1;
    return percent >= 1 ? 0 : inside(1 - percent);
  };

export interface FlowOptions extends Partial<DiscreteFlow> {
  /** Factor on all noise; 1 by default. */
  readonly noiseScale?: number;
  /** By default `flow`. */
  readonly prediction?: FlowPrediction;
}

/** What networks over flow times predict. */
export type FlowPrediction = 'flow' | 'img_to_img_velocity';

/**
 * The model sampling of Stable Diffusion 3, AuraFlow, Lumina 2, Z-Image and FLUX.1 schnell; by
 * default with shift 1 and timesteps to 1000.
 */
export function flowSampling({
  shift = 1,
  multiplier = 1000,
  noiseScale,
  prediction = 'flow',
}: FlowOptions = {}): ModelSampling {
  const extra = shift - 1;
  const shifted = (time: number): number =>
    shift === 1 ? time : f32(f32(f32(shift) * time) / f32(1 + f32(f32(extra) * time)));
  const sigma = (timestep: number): number => shifted(f32(timestep / f32(multiplier)));
  const times = Float32Array.from({ length: STEPS }, (_, i) => (i + 1) / STEPS);
  return modelSampling(
    {
      discreteFlow: { shift, multiplier },
      sigmas: times.map((time) => sigma(f32(time * f32(multiplier)))),
      timestep: (value) => f32(value * f32(multiplier)),
      sigma,
      percentToSigma: clampedPercent((time) =>
        shift === 1 ? time : (shift * time) / (1 + extra * time),
      ),
    },
    prediction,
    { noiseScale },
  );
}

/** The model sampling of FLUX.1: sigma = e^shift / (e^shift + 1 / t - 1) at time t. */
export function fluxSampling({ shift = 1.15 } = {}): ModelSampling {
  const weight = Math.exp(shift);
  // torch divides a number by a tensor as the number times the tensor's reciprocal
  const sigma = (time: number): number =>
    f32(f32(1 / f32(f32(weight) + f32(f32(1 / time) - 1))) * f32(weight));
  const times = Float32Array.from({ length: FLUX_STEPS }, (_, i) => (i + 1) / FLUX_STEPS);
  return modelSampling(
    {
      sigmas: times.map(sigma),
      timestep: (value) => value,
      sigma,
      percentToSigma: clampedPercent((time) => weight / (weight + (1 / time - 1))),
    },
    'flow',
  );
}
