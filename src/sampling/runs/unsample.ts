// Sampling backwards: turns an image's latent into the noise that leads to it (ComfyUI_Noise,
// Unsampler; DDIM inversion, arXiv 2010.02502 section 4.3, with any deterministic sampler).
import { DarkroomError } from '../../errors.ts';
import { map, type Tensor, zeros } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import { cfgGuider } from '../guiders/guider.ts';
import { samplerKind } from '../samplers/index.ts';
import type { Latent } from '../sampling-types.ts';
import { type KSamplerSigmas, ksamplerSigmas } from '../schedules/schedules.ts';
import { irreversibleSamplerWarning } from '../warnings.ts';
import type { KSamplerOptions } from './ksampler.ts';
import { sampleWithGuider } from './sample.ts';

export interface UnsampleOptions
  extends Pick<
    KSamplerOptions,
    | 'model'
    | 'steps'
    | 'cfg'
    | 'samplerName'
    | 'scheduler'
    | 'positive'
    | 'negative'
    | 'latent'
    | 'rules'
    | 'signal'
    | 'onStep'
    | 'warn'
  > {
  /** The step, counted from full noise, at which to stop; at least one step is sampled. */
  readonly endAtStep: number;
  /** Normalises the result to mean 0 and standard deviation 1 over all its values. */
  readonly normalize: boolean;
}

/** Added to all sigmas, as no sampler can start at sigma 0. */
const SIGMA_SHIFT = f32(0.0001);

/** The ascending sigmas of a whole unsampling run. */
export const unsampleSigmas = (run: KSamplerSigmas): Float32Array =>
  ksamplerSigmas(run)
    .reverse()
    .map((sigma) => sigma + SIGMA_SHIFT);

/**
 * Returns a latent's noise; copies the latent's other fields. Throws DR_INPUT_INVALID for ddim,
 * which needs a seed in the original.
 */
export async function unsample(o: UnsampleOptions): Promise<Latent> {
  const kind = samplerKind(o.samplerName);
  if (kind.freshMaskNoise)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the sampler '${o.samplerName}' needs a seed, and unsampling has none`,
      hint: "Use 'euler': its steps are the same.",
      input: 'sampler_name',
    });
  if (kind.stochastic) o.warn?.(irreversibleSamplerWarning(o.samplerName));
  const { samples } = o.latent;
  const { model, steps, scheduler } = o;
  const stepCount = steps - Math.min(o.endAtStep, steps - 1);
  const sigmas = unsampleSigmas({
    sampling: model.sampling,
    scheduler,
    samplerName: o.samplerName,
    steps,
  }).slice(0, stepCount + 1);
  const { samples: result } = await sampleWithGuider({
    guider: cfgGuider(model, o.positive, o.negative, o.cfg),
    sampler: { kind },
    sigmas: sigmas.length > 1 ? sigmas : new Float32Array(0),
    noise: zeros(samples.shape),
    latent: samples,
    noiseMask: o.latent.noise_mask,
    seed: 0n,
    rules: o.rules,
    signal: o.signal,
    onStep: o.onStep,
    warn: o.warn,
  });
  return { ...o.latent, samples: o.normalize ? normalized(result) : result };
}

/** (x - mean) / standard deviation over all values; the deviation is the sample's (n - 1). */
function normalized(x: Tensor): Tensor {
  let sum = 0;
  for (const value of x.data) sum += value;
  const mean = f32(sum / x.data.length);
  const centred = map(x, (value) => value - mean);
  let [rest, squares] = [0, 0];
  for (const value of centred.data) rest += value;
  const residualMean = rest / x.data.length;
  for (const value of centred.data) squares += (value - residualMean) ** 2;
  const deviation = f32(Math.sqrt(squares / (x.data.length - 1)));
  return map(centred, (value) => value / deviation);
}
