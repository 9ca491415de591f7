// lambda, half the logarithm of a model's signal-to-noise ratio: ln(alpha / sigma) with alpha = 1,
// or alpha = 1 - sigma for flow models (comfy.k_diffusion.sampling, sigma_to_half_log_snr).
import { f32, sigmoid } from '../float32.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import { lambdaOf, sigmaOf } from './exponential-integrator.ts';

export interface HalfLogSnr {
  lambdaOf(sigma: number): number;
  sigmaOf(lambda: number): number;
}

const PLAIN: HalfLogSnr = { lambdaOf, sigmaOf };

const FLOW: HalfLogSnr = {
  lambdaOf: (sigma) => lambdaOf(f32(sigma / f32(1 - sigma))),
  sigmaOf: (lambda) => sigmoid(-lambda),
};

export const isFlow = ({ prediction }: ModelSampling): boolean => prediction === 'flow';

export const halfLogSnr = (sampling: ModelSampling): HalfLogSnr =>
  isFlow(sampling) ? FLOW : PLAIN;

/** The share of the denoising at which lambda is finite. */
const START_PERCENT = 1e-4;

/** The sigmas with a finite lambda at the first: a flow model's 1 is replaced by a little less. */
export function finiteStart(sigmas: Float32Array, sampling: ModelSampling): Float32Array {
  if (!isFlow(sampling) || sigmas.length <= 1 || sigmas[0] < 1) return sigmas;
  const finite = sigmas.slice();
  finite[0] = sampling.percentToSigma(START_PERCENT);
  return finite;
}
