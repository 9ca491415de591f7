// KSampler and KSamplerAdvanced (nodes.common_ksampler, comfy.samplers.KSampler): from a seed, a schedule and a part of its steps to a latent.
import { didYouMean } from '../../near-matches.ts';
import { prepareNoise } from '../../random/prepare-noise.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { cfgGuider } from '../guiders/guider.ts';
import { SAMPLERS, samplerKind } from '../samplers/index.ts';
import type { Conditioning, Latent, Model, SamplingHooks } from '../sampling-types.ts';
import { ksamplerSigmas, SCHEDULERS } from '../schedules/schedules.ts';
import { sampleCustom } from './sample.ts';

export interface KSamplerOptions extends SamplingHooks {
  readonly model: Model;
  /** 0..2^64-1 */
  readonly seed: bigint;
  readonly steps: number;
  readonly cfg: number;
  readonly sampler: string;
  readonly scheduler: string;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  readonly latent: Latent;
  readonly denoise?: number;
  /** Starts from the latent as it is. */
  readonly disableNoise?: boolean;
  readonly startStep?: number;
  /** Stops before this step. */
  readonly lastStep?: number;
  /** Steps to sigma 0 at `lastStep`, so that no noise is left over. */
  readonly forceFullDenoise?: boolean;
}

/** Samples a latent; its other keys stay. Throws DR_SEED_RANGE, and what sampleCustom throws. */
export async function commonKSampler(o: KSamplerOptions): Promise<Latent> {
  const { model, seed, steps, denoise } = o;
  const sampler = knownName('sampler', o.sampler, SAMPLERS, o.warn);
  const scheduler = knownName('scheduler', o.scheduler, SCHEDULERS, o.warn);
  const kind = samplerKind(sampler);
  const latent = withModelChannels(o.latent.samples, model.latentFormat.channels);
  const noise = o.disableNoise
    ? zeros(latent.shape)
    : prepareNoise(latent.shape, seed, o.latent.batch_index);
  const sigmas = partOfSteps(
    ksamplerSigmas({ sampling: model.sampling, scheduler, sampler, steps, denoise }),
    o,
  );
  const guider = cfgGuider(model, o.positive, o.negative, o.cfg);
  const { signal, onStep, warn } = o;
  const { samples } = await sampleCustom({
    guider,
    sampler: kind,
    sigmas,
    noise,
    latent,
    noiseMask: o.latent.noise_mask,
    seed,
    signal,
    onStep,
    warn,
  });
  return { ...o.latent, samples };
}

/** A name among `names`; for another one the first of them, as ComfyUI's KSampler takes it without a word. */
function knownName(
  what: string,
  name: string,
  names: readonly string[],
  warn: KSamplerOptions['warn'],
): string {
  if (names.includes(name)) return name;
  const near = didYouMean(name, names);
  warn?.(
    `there is no ${what} '${name}'; '${names[0]}' is used, as in ComfyUI.${near && ` ${near}`}`,
  );
  return names[0];
}

/** An empty latent of another channel count is repeated to the model's. */
export function withModelChannels(latent: Tensor, channels: number): Tensor {
  const [batch, own, ...size] = latent.shape;
  return own === channels || latent.data.some((value) => value !== 0)
    ? latent
    : zeros([batch, channels, ...size]);
}

/** The sigmas from `startStep` to `lastStep`; none when the start lies behind the end. */
function partOfSteps(
  all: Float32Array,
  { startStep, lastStep, forceFullDenoise }: KSamplerOptions,
): Float32Array {
  let sigmas = all.slice();
  if (lastStep !== undefined && lastStep < sigmas.length - 1) {
    sigmas = sigmas.slice(0, lastStep + 1);
    if (forceFullDenoise) sigmas[sigmas.length - 1] = 0;
  }
  if (startStep === undefined) return sigmas;
  return startStep < sigmas.length - 1 ? sigmas.slice(startStep) : new Float32Array(0);
}
