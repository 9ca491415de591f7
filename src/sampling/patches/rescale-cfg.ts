// Rescaled classifier-free guidance: "Common Diffusion Noise Schedules and Sample Steps are Flawed"
// (arXiv 2305.08891, section 3.4; comfy_extras/nodes_model_advanced.py RescaleCFG).
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { deviation } from '../deviation.ts';
import { f32, sqrt, square, type Vector } from '../float32.ts';
import type { GuidanceStep, Model } from '../sampling-types.ts';
import { setCfgFunction } from './patch-model.ts';

export interface RescaledCfg {
  /** 0 keeps the guided prediction, 1 gives it the positive side's standard deviation. */
  readonly multiplier: number;
  /** Of flow models, denoised latents are rescaled; else velocities, as of other models. */
  readonly flowRescalesDenoised: boolean;
}

/** Moves the guided prediction's standard deviation towards the positive side's. */
export function withRescaledCfg(
  model: Model,
  { multiplier, flowRescalesDenoised }: RescaledCfg,
): Model {
  const isDenoised = flowRescalesDenoised && model.sampling.prediction === 'flow';
  const rescaled = isDenoised ? rescaledDenoised : rescaledVelocity;
  return setCfgFunction(model, (step) => rescaled(step, multiplier));
}

function rescaledDenoised({ x, cfg, cond, uncond }: GuidanceStep, multiplier: number): Tensor {
  const guided = guide(cond.data, uncond.data, cfg);
  const final = rescale(cond.data, guided, { items: x.shape[0], multiplier, least: f32(1e-8) });
  const out = final.map((value, i) => x.data[i] - f32(x.data[i] - value));
  return tensor(x.shape, out);
}

/** The rescale works on velocities, whatever the model predicts. */
function rescaledVelocity(
  { x: { shape, data }, sigma, cfg, cond, uncond }: GuidanceStep,
  multiplier: number,
): Tensor {
  const variance = f32(square(sigma) + 1);
  const root = sqrt(variance);
  const flat = data.map((value) => value / variance);
  const velocity = ({ data: denoised }: Tensor): Float32Array =>
    data.map(
      (value, i) => f32(f32(flat[i] - f32(value - f32(value - denoised[i]))) * root) / sigma,
    );

  const [positive, negative] = [velocity(cond), velocity(uncond)];
  const guided = guide(positive, negative, cfg);
  const final = rescale(positive, guided, { items: shape[0], multiplier, least: 0 });
  const out = final.map((value, i) => {
    const noise = f32(data[i] - f32(flat[i] - f32(f32(value * sigma) / root)));
    return data[i] - noise;
  });
  return tensor(shape, out);
}

const guide = (positive: Vector, negative: Vector, cfg: number): Float32Array =>
  Float32Array.from(positive, (value, i) => negative[i] + f32(f32(cfg) * f32(value - negative[i])));

/** Each item's part of `guided`, blended with itself at the deviation of `positive`. */
function rescale(
  positive: Float32Array,
  guided: Float32Array,
  { items, multiplier, least }: { items: number; multiplier: number; least: number },
): Float32Array {
  const out = allocate(guided.length);
  const each = guided.length / items;
  for (let from = 0; from < guided.length; from += each) {
    const item = (values: Float32Array): Float32Array => values.subarray(from, from + each);
    const factor = f32(deviation(item(positive)) / Math.max(deviation(item(guided)), least));
    for (let i = from; i < from + each; i++)
      out[i] =
        f32(f32(multiplier) * f32(guided[i] * factor)) + f32(f32(1 - multiplier) * guided[i]);
  }
  return out;
}
