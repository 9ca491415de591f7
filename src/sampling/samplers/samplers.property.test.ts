// What every sampler promises whatever the sigmas and the denoiser: it ends, changes nothing that
// it was given, and draws noise only if its kind says so.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
  const given = sigmas.slice();
  const out = await runSampler({
    sampler: { kind: SAMPLER_KINDS[name] },
    sampling,
    sigmas: given,
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
  expect(given, 'the sigmas are as they were').toEqual(sigmas);
  return { out, calls };
}

const sigma = fc.float({ min: f32(0.03), max: f32(14.6), noNaN: true });
/** At least two steps, sigmas at least 0.05 apart. */
const descending = fc
  .uniqueArray(fc.integer({ min: 1, max: 292 }), { minLength: 2, maxLength: 8 })
  .map((values) => Float32Array.from([...values.sort((a, b) => b - a).map((n) => n / 20), 0]));
const any = fc
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

/** Evaluations per step; the adaptive one takes as many as it needs. */
const limit = (name: string, steps: number): number =>
  name === 'dpm_adaptive' ? 4000 : 3 * steps + 1;

describe('ends on any sigmas', () => {
  it.each(SAMPLER_NAMES)('%s', (name) =>
    fc.assert(
      fc.asyncProperty(any, async (sigmas) => {
        const result = await run(name, sigmas).catch((error: unknown) => error);
        if (result instanceof DarkroomError) return;
        expect(result).toMatchObject({
          out: { length: SIZE },
          calls: expect.toSatisfy((n) => n <= limit(name, sigmas.length - 1)),
        });
      }),
      REPEATABLE,
    ),
  );
});

describe('ends where a denoiser fails', () => {
  it.each(SAMPLER_NAMES)('%s', (name) =>
    fc.assert(
      fc.asyncProperty(descending, fc.nat({ max: 5 }), async (sigmas, failing) => {
        let call = 0;
        const broken: Predict = (x, at) => {
          const fine = towardsTarget(x, at);
          return call++ < failing
            ? fine
            : { denoised: fine.denoised.fill(Number.NaN), uncond: fine.uncond.fill(Number.NaN) };
        };
        const result = await run(name, sigmas, broken).catch((error: unknown) => error);
        if (result instanceof DarkroomError) expect(result.code).toBe('DR_SAMPLING_FAILED');
        else expect(result).toHaveProperty('out');
      }),
      REPEATABLE,
    ),
  );
});

/** DPM-Solver stops at the last sigma above 0, UniPC at 0.001. */
const LAST_SIGMA: Readonly<Record<string, (sigmas: Float32Array) => number>> = {
  dpm_fast: (sigmas) => sigmas[sigmas.length - 2],
  dpm_adaptive: (sigmas) => sigmas[sigmas.length - 2],
  uni_pc: () => 0.001,
  uni_pc_bh2: () => 0.001,
};

describe('reaches a latent that the denoiser always gives', () => {
  it.each(SAMPLER_NAMES)('%s', (name) =>
    fc.assert(
      fc.asyncProperty(descending, async (sigmas) => {
        const { out } = await run(name, sigmas, () => ({
          denoised: target.slice(),
          uncond: target.slice(),
        }));
        const left = LAST_SIGMA[name]?.(sigmas) ?? 0;
        for (const [i, value] of out.entries()) {
          const way = Math.abs(latent[i] + noise[i] * sigmas[0] - target[i]);
          expect(Math.abs(value - target[i])).toBeLessThan(1.01 * (left / sigmas[0]) * way + 1e-4);
        }
      }),
      REPEATABLE,
    ),
  );
});

describe('the seed matters to stochastic kinds alone', () => {
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
