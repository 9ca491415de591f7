// Multistep consistency sampling, "Latent Consistency Models" (arXiv 2310.04378): each step adds
// noise of the next level to the denoised latent.
import { DarkroomError } from '../../errors.ts';
import { deviation } from '../deviation.ts';
import { f32, scale, type Vector } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';

export const lcm: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, rules, sampling, s_noise = 1, s_noise_end = s_noise, noise_clip_std = 0 },
) => {
  const steps = sigmas.length - 1;
  if (steps === 0 && rules.lcmNeedsTwoSigmas) throw tooFewSigmas();
  for (let i = 0; i < steps; i++) {
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    onStep?.(i, x, denoised);
    if (sigmaNext <= 0) {
      x = denoised;
      continue;
    }
    const clipped = clipNoise(noise(sigma, sigmaNext), noise_clip_std);
    const factor = s_noise + (s_noise_end - s_noise) * (steps > 1 ? i / (steps - 1) : 0);
    const scaled = factor === 1 ? clipped : scale(clipped, factor);
    x = sampling.noiseScaling(sigmaNext, scaled, denoised);
  }
  return x;
};

const tooFewSigmas = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'lcm needs at least two sigmas, and there is one',
    hint: 'Use more steps, or split the sigmas at a later step.',
    input: 'sigmas',
  });

/** Limits values to a number of their standard deviations (n - 1); 0 does not limit them. */
function clipNoise(noise: Vector, deviations: number): Vector {
  if (deviations <= 0) return noise;
  const limit = f32(deviation(noise) * f32(deviations));
  return noise.map((value) => Math.min(Math.max(value, -limit), limit));
}
