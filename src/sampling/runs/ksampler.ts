// KSampler and KSamplerAdvanced (nodes.common_ksampler, comfy.samplers.KSampler): samples a latent
// from a seed, a schedule and a range of its steps.
import { didYouMean } from '../../near-matches.ts';
import { generatorAfter, prepareNoise } from '../../random/prepare-noise.ts';
import { zeros } from '../../tensor/tensor.ts';
import { cfgGuider } from '../guiders/guider.ts';
import { fitEmptyLatent } from '../model/fit-empty-latent.ts';
import { SAMPLER_NAMES, samplerKind } from '../samplers/index.ts';
import type { Conditioning, Latent, Model, SamplingHooks } from '../sampling-types.ts';
import { ksamplerSigmas, SCHEDULERS } from '../schedules/schedules.ts';
import { sampleWithGuider } from './sample.ts';

export interface KSamplerOptions extends SamplingHooks {
  readonly model: Model;
  /** 0..2^64-1 */
  readonly seed: bigint;
  readonly steps: number;
  readonly cfg: number;
  readonly samplerName: string;
  readonly scheduler: string;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  readonly latent: Latent;
  readonly denoise?: number;
  /** Adds the seed's noise before the first step; true by default. */
  readonly addNoise?: boolean;
  readonly startAtStep?: number;
  /** The range ends before this step. */
  readonly endAtStep?: number;
  /** Keeps the noise that is left at `endAtStep`; false, the default, steps to sigma 0 there. */
  readonly returnWithLeftoverNoise?: boolean;
}

/**
 * Samples a latent; copies its other fields. Throws DR_SEED_RANGE and what sampleWithGuider throws.
 */
export async function commonKSampler(o: KSamplerOptions): Promise<Latent> {
  const { model, seed, steps, denoise } = o;
  const samplerName = nameOrFirst('sampler', o.samplerName, SAMPLER_NAMES, o.warn);
  const scheduler = nameOrFirst('scheduler', o.scheduler, SCHEDULERS, o.warn);
  const fitted = fitEmptyLatent(o.latent, model.latentFormat);
  const { samples: latent } = fitted;
  const addNoise = o.addNoise ?? true;
  const { batch_index } = o.latent;
  const noise = addNoise ? prepareNoise(latent.shape, seed, batch_index) : zeros(latent.shape);
  const sigmas = stepRangeOf(
    ksamplerSigmas({ sampling: model.sampling, scheduler, samplerName, steps, denoise }),
    o,
  );
  const guider = cfgGuider(model, o.positive, o.negative, o.cfg);
  const { rules, signal, onStep, warn } = o;
  const { samples } = await sampleWithGuider({
    guider,
    sampler: { kind: samplerKind(samplerName) },
    sigmas,
    noise,
    latent,
    noiseMask: o.latent.noise_mask,
    seed,
    draws: addNoise ? () => generatorAfter(seed, latent.shape, batch_index) : undefined,
    rules,
    signal,
    onStep,
    warn,
  });
  return { ...fitted, samples };
}

/** Returns `name` if `names` has it; otherwise warns and returns the first, as ComfyUI does. */
function nameOrFirst(
  what: string,
  name: string,
  names: readonly string[],
  warn: KSamplerOptions['warn'],
): string {
  if (names.includes(name)) return name;
  const near = didYouMean(name, names);
  warn?.(`unknown ${what} '${name}': using '${names[0]}', as ComfyUI does.${near && ` ${near}`}`);
  return names[0];
}

/** The sigmas from `startAtStep` to `endAtStep`; none if the start is not before the end. */
function stepRangeOf(
  all: Float32Array,
  { startAtStep, endAtStep, returnWithLeftoverNoise = false }: KSamplerOptions,
): Float32Array {
  let sigmas = all.slice();
  if (endAtStep !== undefined && endAtStep < sigmas.length - 1) {
    sigmas = sigmas.slice(0, endAtStep + 1);
    if (!returnWithLeftoverNoise) sigmas[sigmas.length - 1] = 0;
  }
  if (startAtStep === undefined) return sigmas;
  return startAtStep < sigmas.length - 1 ? sigmas.slice(startAtStep) : new Float32Array(0);
}
