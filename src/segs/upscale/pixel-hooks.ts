// Hooks of iterative upscaling (Impact Pack hooks.py): schedules over its steps, noise put in, the latent unsampled; and two hooks as one.
import { injectNoise, noisyLatent, sameShape } from '../../sampling/noise/noise-injection.ts';
import { type UnsampleOptions, unsample } from '../../sampling/plans/unsample.ts';
import type { Latent } from '../../sampling/sampling-types.ts';
import type { DenoiseSampler, PixelHook, Turn } from '../hooks.ts';

/** Both hooks, the first one first. */
export const combinePixelHooks = (first: PixelHook, second: PixelHook): PixelHook => ({
  preSample: async (sampler, latent, turn) => {
    const changed = (await first.preSample?.(sampler, latent, turn)) ?? sampler;
    return (await second.preSample?.(changed, latent, turn)) ?? changed;
  },
  preDecode: inTurn(first.preDecode, second.preDecode),
  postDecode: inTurn(first.postDecode, second.postDecode),
  postUpscale: inTurn(first.postUpscale, second.postUpscale),
  postEncode: inTurn(first.postEncode, second.postEncode),
  postCropRegion: (width, height, bbox, cropRegion) => {
    const region = first.postCropRegion?.(width, height, bbox, cropRegion) ?? cropRegion;
    return second.postCropRegion?.(width, height, bbox, region) ?? region;
  },
  touchScaledSize: (width, height) => {
    const size = first.touchScaledSize?.(width, height) ?? [width, height];
    return second.touchScaledSize?.(...size) ?? size;
  },
});

type Change<T> = (value: T, turn: Turn) => T | Promise<T>;

const inTurn =
  <T>(first: Change<T> | undefined, second: Change<T> | undefined): Change<T> =>
  async (value, turn) => {
    const changed = first ? await first(value, turn) : value;
    return second ? second(changed, turn) : changed;
  };

/** From `own` in the first turn to `target` in the last; `target` where there is but one. */
const between = (own: number, target: number, { current, total }: Turn): number =>
  total > 1 ? own + (target - own) * (current / (total - 1)) : target;

const changing = (
  change: (sampler: DenoiseSampler, turn: Turn) => Partial<DenoiseSampler>,
): PixelHook => ({
  preSample: (sampler, _latent, turn) => ({ ...sampler, ...change(sampler, turn) }),
});

/** The cfg moves to `target`, in whole numbers; only a single turn gets the target as it is. */
export const cfgSchedule = (target: number): PixelHook =>
  changing(({ cfg }, turn) => ({
    cfg: turn.total > 1 ? Math.trunc(between(cfg, target, turn)) : target,
  }));

/** The denoise moves to `target`, 0..1. */
export const denoiseSchedule = (target: number): PixelHook =>
  changing(({ denoise }, turn) => ({ denoise: between(denoise, target, turn) }));

/** The number of steps moves to `target`. */
export const stepsSchedule = (target: number): PixelHook =>
  changing(({ steps }, turn) => ({ steps: Math.trunc(between(steps, target, turn)) }));

/** From `start` in the first turn towards `end`, which would be reached in the turn after the last. */
export const towards = (start: number, end: number, { current, total }: Turn): number =>
  start + ((end - start) * current) / total;

export interface NoiseInjection {
  readonly seed: bigint;
  /** Factor on the noise in the first turn, and the one it moves to. */
  readonly start: number;
  readonly end: number;
}

/** A latent with the noise of a turn put in, inside of its noise mask. The original reaches for two nodes of ComfyUI_Noise. */
export function withInjectedNoise(
  latent: Latent,
  { seed, start, end }: NoiseInjection,
  turn: Turn,
): Latent {
  const { samples, noise_mask } = latent;
  const [batch, , height, width] = samples.shape;
  const noise = noisyLatent(seed + 2n * BigInt(turn.current), width * 8, height * 8, batch).samples;
  if (sameShape(samples, noise))
    return {
      ...latent,
      samples: injectNoise(samples, noise, towards(start, end, turn), noise_mask),
    };
  turn.warn?.(
    `the latent [${samples.shape}] gets no noise: noise is made for latents of 4 channels`,
  );
  return latent;
}

/** Noise is put into each enlarged latent before it is sampled. */
export const noiseInjection = (o: NoiseInjection): PixelHook => ({
  postEncode: (latent, turn) => withInjectedNoise(latent, o, turn),
});

export interface Unsampling
  extends Omit<UnsampleOptions, 'latent' | 'endAtStep' | 'signal' | 'onStep' | 'warn'> {
  /** The step to unsample to in the first turn, and the one it moves to. */
  readonly start: number;
  readonly end: number;
}

/** A latent sampled backwards to the step of a turn. */
export const unsampled = (
  latent: Latent,
  { start, end, ...run }: Unsampling,
  turn: Turn,
): Promise<Latent> =>
  unsample({
    ...run,
    latent,
    endAtStep: Math.trunc(towards(start, end, turn)),
    signal: turn.signal,
    warn: turn.warn,
  });

/** Each enlarged latent is sampled backwards before it is sampled. */
export const unsampling = (o: Unsampling): PixelHook => ({
  postEncode: (latent, turn) => unsampled(latent, o, turn),
});
