// Sampling backwards: a picture's latent becomes the noise that leads to it (ComfyUI_Noise, Unsampler; DDIM inversion, arXiv 2010.02502
// section 4.3, with any deterministic sampler).
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
    | 'signal'
    | 'onStep'
    | 'warn'
  > {
  /** The step (counted from full noise) to stop at; at least one step is made. */
  readonly endAtStep: number;
  /** Gives the result mean 0 and standard deviation 1 over all its elements. */
  readonly normalize: boolean;
}

/** Keeps sigma 0, where no sampler can start, off the ladder. */
const SIGMA_SHIFT = f32(0.0001);

/** The sigmas of an unsampling run from below, all a little raised; it stops before the end where it is told to. */
export const unsampleSigmas = (run: KSamplerSigmas): Float32Array =>
  ksamplerSigmas(run)
    .reverse()
    .map((sigma) => sigma + SIGMA_SHIFT);

/** Noise for a latent; its other keys stay. Throws DR_INPUT_INVALID for ddim, which the original can't run without a seed. */
export async function unsample(o: UnsampleOptions): Promise<Latent> {
  const kind = samplerKind(o.samplerName);
  if (kind.freshMaskNoise)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the sampler '${o.samplerName}' needs a seed, which unsampling has not`,
      hint: "Use 'euler': it makes the same steps.",
      input: 'sampler_name',
    });
  if (kind.stochastic) o.warn?.(irreversibleSamplerWarning(o.samplerName));
  const { samples } = o.latent;
  const { model, steps, scheduler } = o;
  const last = steps - Math.min(o.endAtStep, steps - 1);
  const sigmas = unsampleSigmas({
    sampling: model.sampling,
    scheduler,
    samplerName: o.samplerName,
    steps,
  }).slice(0, last + 1);
  const { samples: result } = await sampleWithGuider({
    guider: cfgGuider(model, o.positive, o.negative, o.cfg),
    sampler: { kind },
    sigmas: sigmas.length > 1 ? sigmas : new Float32Array(0),
    noise: zeros(samples.shape),
    latent: samples,
    noiseMask: o.latent.noise_mask,
    seed: 0n,
    signal: o.signal,
    onStep: o.onStep,
    warn: o.warn,
  });
  return { ...o.latent, samples: o.normalize ? normalized(result) : result };
}

/** (x - mean) / standard deviation, of all elements together; the deviation counts n - 1. */
function normalized(x: Tensor): Tensor {
  let sum = 0;
  for (const value of x.data) sum += value;
  const mean = f32(sum / x.data.length);
  const centred = map(x, (value) => value - mean);
  let [rest, squares] = [0, 0];
  for (const value of centred.data) rest += value;
  const own = rest / x.data.length;
  for (const value of centred.data) squares += (value - own) ** 2;
  const deviation = f32(Math.sqrt(squares / (x.data.length - 1)));
  return map(centred, (value) => value / deviation);
}
