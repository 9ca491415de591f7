// Temporal score rescaling (arXiv 2510.01184, equation 6): moves the guided prediction along the
// score, the more the lower the noise. Source: ComfyUI comfy_extras/nodes_eps.py.
import { lerp } from '../../tensor/lerp.ts';
import { tensor } from '../../tensor/tensor.ts';
import { exp, f32 } from '../float32.ts';
import { halfLogSnr } from '../samplers/half-log-snr.ts';
import type { Model } from '../sampling-types.ts';
import { addPostCfg } from './patch-model.ts';

/**
 * Adds temporal score rescaling. `k`: the strength; 1 changes nothing. `deviation`: greater values
 * act at higher noise.
 */
export const withScoreRescaling = (model: Model, k: number, deviation: number): Model =>
  addPostCfg(model, (denoised, { x, sigma, sampling }) => {
    if (k === 1 || sigma === 0) return denoised;
    const lambda = halfLogSnr(sampling).lambdaOf(sigma);
    const snr = exp(f32(2 * lambda));
    if (snr === 0) return denoised;
    const factor = rescalingFactor(snr, k, deviation ** 2);
    const alpha = f32(f32(sigma) * exp(lambda));
    return tensor(
      x.shape,
      x.data.map((value, i) => lerp(f32(value / alpha), denoised.data[i], factor)),
    );
  });

function rescalingFactor(snr: number, k: number, variance: number): number {
  if (snr === Number.POSITIVE_INFINITY) return f32(k);
  const scaled = f32(snr * f32(variance));
  return f32(f32(scaled + 1) / f32(f32(scaled / f32(k)) + 1));
}
