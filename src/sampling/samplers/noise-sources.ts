// Where the noise of stochastic samplers comes from.
import { brownianNoiseSampler } from '../../random/brownian-tree.ts';
import { torchGenerator } from '../../random/torch-generator.ts';
import type { NoiseRun, NoiseSource } from './sampler.ts';

/**
 * A generator with the run's seed and the rules' offset. Without an offset its first draw equals
 * the initial noise, as it did in the original. Throws DR_SEED_RANGE for a seed beyond 2^64 - 1.
 */
export function seededNoise({ seed, count, rules }: NoiseRun): NoiseSource {
  let generator: ReturnType<typeof torchGenerator> | undefined;
  return () => {
    generator ??= torchGenerator(seed + rules.ancestralSeedOffset);
    return generator.randn(count);
  };
}

/**
 * The noise of samplers that use torch's global generator: it continues after the initial noise.
 */
export function continuedNoise({ seed, count }: NoiseRun): NoiseSource {
  let generator: ReturnType<typeof torchGenerator> | undefined;
  return (_, __, size = count) => {
    if (!generator) {
      generator = torchGenerator(seed);
      generator.randn(count);
    }
    return generator.randn(size);
  };
}

/**
 * Increments of one Brownian path between the smallest positive and the largest sigma: the noise of
 * a step depends on its two sigmas only, not on the other steps.
 */
export const brownianPath = ({ seed, count, sigmas }: NoiseRun): NoiseSource =>
  brownianNoiseSampler(
    seed,
    count,
    Math.min(...sigmas.filter((sigma) => sigma > 0)),
    Math.max(...sigmas),
  );
