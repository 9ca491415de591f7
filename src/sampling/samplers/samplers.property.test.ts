// Properties of every sampler for any sigmas and denoiser: it ends, does not change its arguments,
// and draws noise only if its kind is stochastic.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RULES } from '../../../test/support/rules.ts';
import { DarkroomError } from '../../errors.ts';
import { torchGenerator } from '../../random/torch-generator.ts';
import { f32, type Vector } from '../float32.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { runSampler } from '../runs/sample.ts';
import { SAMPLER_KINDS, SAMPLER_NAMES } from './index.ts';
import type { GuidedPrediction } from './sampler.ts';

const sampling = discreteSampling();
const SIZE = 16;
const noise = torchGenerator(42).randn(SIZE);
const latent = torchGenerator(7).randn(SIZE);
const target = torchGenerator(8).randn(SIZE);
const REPEATABLE = { seed: 4, numRuns: 15 };

type Predict = (x: Vector, sigma: number) => GuidedPrediction;

/** Between the latent and a fixed target, nearer to the target the higher the noise. */
const towardsTarget: Predict = (x, sigma) => {
  const share = 1 / (sigma * sigma + 1);
  const denoised = x.map((value, i) => value * share + target[i] * (1 - share));
  return { denoised, uncond: denoised.map((value) => value * 0.9) };
};

async function run(
  name: string,
  sigmas: Float32Array,
  predict: Predict = towardsTarget,
  seed = 1n,
) {
  let calls = 0;
  const argument = sigmas.slice();
  const out = await runSampler({
    rules: RULES,
    sampler: { kind: SAMPLER_KINDS[name] },
    sampling,
    sigmas: argument,
    predict: async (x, sigma) => {
      calls++;
      const before = x.slice();
      const prediction = predict(x, sigma);
      expect(x).toEqual(before);
      return prediction;
    },
    noise,
    latent,
    seed,
  });
  expect(argument, 'the sigmas are unchanged').toEqual(sigmas);
  return { out, calls };
}

const sigma = fc.float({ min: f32(0.03), max: f32(14.6), noNaN: true });
/** At least two steps, sigmas at least 0.05 apart. */
const descending = fc
  .uniqueArray(fc.integer({ min: 1, max: 292 }), { minLength: 2, maxLength: 8 })
  .map((values) => Float32Array.from([...values.sort((a, b) => b - a).map((n) => n / 20), 0]));
const anySigmas = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: sigma },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 1, 14.614643, Number.NaN) },
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((values) => Float32Array.from(values));

/** Maximum number of evaluations of a run; dpm_adaptive may use any number. */
const maxEvaluations = (name: string, steps: number): number =>
  name === 'dpm_adaptive' ? 4000 : 3 * steps + 1;

describe('ends on any sigmas', () => {
  it.each(SAMPLER_NAMES)('%s', (name) =>
    fc.assert(
      fc.asyncProperty(anySigmas, async (sigmas) => {
        const result = await run(name, sigmas).catch((error: unknown) => error);
        if (result instanceof DarkroomError) return;
        expect(result).toMatchObject({
          out: { length: SIZE },
          calls: expect.toSatisfy((n) => n <= maxEvaluations(name, sigmas.length - 1)),
        });
      }),
      REPEATABLE,
    ),
  );
});

describe('ends if the denoiser returns NaN', () => {
  it.each(SAMPLER_NAMES)('%s', (name) =>
    fc.assert(
      fc.asyncProperty(descending, fc.nat({ max: 5 }), async (sigmas, firstFailure) => {
        let call = 0;
        const broken: Predict = (x, at) => {
          const prediction = towardsTarget(x, at);
          return call++ < firstFailure
            ? prediction
            : {
                denoised: prediction.denoised.fill(Number.NaN),
                uncond: prediction.uncond.fill(Number.NaN),
              };
        };
        const result = await run(name, sigmas, broken).catch((error: unknown) => error);
        if (result instanceof DarkroomError) expect(result.code).toBe('DR_SAMPLING_FAILED');
        else expect(result).toHaveProperty('out');
      }),
      REPEATABLE,
    ),
  );
});

/** The sigma at which a sampler ends: DPM-Solver at the last one above 0, UniPC at 0.001. */
const LAST_SIGMA: Readonly<Record<string, (sigmas: Float32Array) => number>> = {
  dpm_fast: (sigmas) => sigmas[sigmas.length - 2],
  dpm_adaptive: (sigmas) => sigmas[sigmas.length - 2],
  uni_pc: () => 0.001,
  uni_pc_bh2: () => 0.001,
};

describe('reaches the latent that the denoiser always returns', () => {
  it.each(SAMPLER_NAMES)('%s', (name) =>
    fc.assert(
      fc.asyncProperty(descending, async (sigmas) => {
        const { out } = await run(name, sigmas, () => ({
          denoised: target.slice(),
          uncond: target.slice(),
        }));
        const lastSigma = LAST_SIGMA[name]?.(sigmas) ?? 0;
        for (const [i, value] of out.entries()) {
          const distance = Math.abs(latent[i] + noise[i] * sigmas[0] - target[i]);
          expect(Math.abs(value - target[i])).toBeLessThan(
            1.01 * (lastSigma / sigmas[0]) * distance + 1e-4,
          );
        }
      }),
      REPEATABLE,
    ),
  );
});

describe('depends on the seed only if it is stochastic', () => {
  it.each(SAMPLER_NAMES)('%s', (name) =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(), { minLength: 2, maxLength: 2 }),
        async ([seed, otherSeed]) => {
          const outOf = (value: number) =>
            run(name, Float32Array.of(14.6, 6, 3, 2, 1, 0.3, 0), towardsTarget, BigInt(value));
          const [first, again, other] = [
            await outOf(seed),
            await outOf(seed),
            await outOf(otherSeed),
          ];
          expect(again.out).toEqual(first.out);
          if (SAMPLER_KINDS[name].stochastic) expect(other.out).not.toEqual(first.out);
          else expect(other.out).toEqual(first.out);
        },
      ),
      { ...REPEATABLE, numRuns: 5 },
    ),
  );
});
