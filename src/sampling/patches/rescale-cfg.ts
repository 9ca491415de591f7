// Rescaled classifier-free guidance: "Common Diffusion Noise Schedules and Sample Steps are Flawed"
// (arXiv 2305.08891, section 3.4; comfy_extras/nodes_model_advanced.py RescaleCFG).
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { deviation } from '../deviation.ts';
import { f32, sqrt, square } from '../float32.ts';
import type { GuidanceStep, Model } from '../sampling-types.ts';
import { setCfgFunction } from './patch-model.ts';

/**
 * Moves the guided prediction's standard deviation towards the positive side's, by `multiplier`.
 */
export const withRescaledCfg = (model: Model, multiplier: number): Model =>
  setCfgFunction(model, (step) => rescaled(step, multiplier));

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

  const out = allocate(data.length);
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
