// The noise of samplers that draw from torch's global generator: it goes on where the initial noise of the run ended.
import { torchGenerator } from '../../random/torch-generator.ts';
import type { NoiseRun, NoiseSource } from './sampler.ts';

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
