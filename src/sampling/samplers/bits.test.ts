// Whole runs of all samplers, bit for bit (test/golden/sampler_bits): over a denoiser that every
// program computes alike, every scalar and all noise must be the original's to the last bit.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import { behaviourOf } from '../../nodes/versions/behaviour-changes.ts';
import { torchGenerator } from '../../random/torch-generator.ts';
import type { Vector } from '../float32.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { runSampler } from '../runs/sample.ts';
import { calculateSigmas } from '../schedules/schedules.ts';
import { SAMPLER_KINDS } from './index.ts';

const COUNT = 4 * 6 * 6;
const sampling = discreteSampling();

const shortHash = (values: Vector): string =>
  createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex').slice(0, 8);

/** The latent clamped to -1..1, times a factor. */
const clamped = (x: Vector, factor: number): Vector =>
  x.map((value) => Math.min(Math.max(value, -1), 1) * factor);

/** Hashes of the finished latent and of the sigmas at which the denoiser was called. */
async function run(
  samplerName: string,
  version: '0.3.64' | '0.33.0',
  schedule: string,
): Promise<string[]> {
  const [scheduler, steps] = schedule.split(' ');
  const calls: number[] = [];
  const latent = await runSampler({
    rules: behaviourOf(version),
    sampler: { kind: SAMPLER_KINDS[samplerName] },
    sampling,
    sigmas: calculateSigmas(sampling, scheduler, Number(steps)),
    predict: (x, sigma) => {
      calls.push(sigma);
      return Promise.resolve({ denoised: clamped(x, 0.5), uncond: clamped(x, 0.25) });
    },
    noise: torchGenerator(5).randn(COUNT),
    latent: new Float32Array(COUNT),
    seed: 7n,
  });
  return [shortHash(latent), shortHash(Float32Array.from(calls))];
}

const { cases } = golden('sampler_bits', 'runs');

it.each(cases)('$id', async ({ params }) => {
  const { sampler, version, runs } = params;
  const actual: Record<string, string[]> = {};
  for (const schedule of Object.keys(runs))
    actual[schedule] = await run(sampler, version, schedule);
  expect(actual).toEqual(runs);
});

it('covers every sampler', () => {
  const names = cases.map(({ params }) => params.sampler);
  expect(Object.keys(SAMPLER_KINDS).filter((name) => !names.includes(name))).toEqual([]);
});
