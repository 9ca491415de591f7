// Properties of every schedule: the number of sigmas (with documented exceptions), strictly
// descending from the model's largest to 0.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discreteSampling } from '../model/model-sampling.ts';
import { SAMPLER_KINDS, SAMPLER_NAMES } from '../samplers/index.ts';
import { calculateSigmas, ksamplerSigmas, SCHEDULERS } from './schedules.ts';

const eps = discreteSampling();
const MODELS = [eps, discreteSampling({ prediction: 'v', zsnr: true })];

/**
 * How far below the model's largest sigma a schedule can start; ddim_uniform: within its stride.
 */
const START: Readonly<Record<string, number>> = { ddim_uniform: 1, kl_optimal: 0.01 };
/** ddim_uniform strides by whole timesteps; beta drops equal neighbours. */
const OTHER_COUNT = ['ddim_uniform', 'beta'];
const isNan = (scheduler: string, steps: number) => scheduler === 'kl_optimal' && steps === 1;

function expectDescending(sigmas: Float32Array, label: string): void {
  expect(sigmas.length, label).toBeGreaterThanOrEqual(2);
  expect(sigmas[sigmas.length - 1], label).toBe(0);
  expect(
    sigmas.findIndex((sigma, i) => i > 0 && !(sigma < sigmas[i - 1])),
    `${label}: first sigma that is not below the one before`,
  ).toBe(-1);
}

describe('1 to 200 steps', () => {
  it.each(SCHEDULERS)('%s', (scheduler) => {
    for (let steps = 1; steps <= 200; steps++) {
      const sigmas = calculateSigmas(eps, scheduler, steps);
      const label = `${steps} steps`;
      if (isNan(scheduler, steps)) {
        expect([...sigmas], label).toEqual([Number.NaN, 0]);
        continue;
      }
      expectDescending(sigmas, label);
      if (!OTHER_COUNT.includes(scheduler)) expect(sigmas.length, label).toBe(steps + 1);
      expect(sigmas[0], label).toBeLessThanOrEqual(eps.sigmaMax * (1 + 1e-6));
      expect(sigmas[0], label).toBeGreaterThan(eps.sigmaMax * (1 - (START[scheduler] ?? 1e-5)));
    }
  });
});

it('a part of the steps is the end of the whole schedule', () => {
  const run = fc.record({
    sampling: fc.constantFrom(...MODELS),
    scheduler: fc.constantFrom(...SCHEDULERS),
    samplerName: fc.constantFrom(...SAMPLER_NAMES),
    steps: fc.integer({ min: 1, max: 60 }),
    denoise: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(run, (o) => {
      const { discardPenultimate } = SAMPLER_KINDS[o.samplerName];
      const total = o.denoise > 0.9999 ? o.steps : Math.trunc(o.steps / o.denoise);
      fc.pre(total < eps.sigmas.length);
      if (isNan(o.scheduler, discardPenultimate ? total + 1 : total)) return;
      const sigmas = ksamplerSigmas(o);
      const whole = [
        ...calculateSigmas(o.sampling, o.scheduler, discardPenultimate ? total + 1 : total),
      ];
      if (discardPenultimate) whole.splice(-2, 1);
      if (whole.length > 1)
        expectDescending(sigmas, `${o.scheduler}, ${o.steps} of ${total} steps`);
      expect([...sigmas]).toEqual(o.denoise > 0.9999 ? whole : whole.slice(-(o.steps + 1)));
      expect(ksamplerSigmas({ ...o, denoise: 0 }).length).toBe(0);
    }),
    { seed: 4, numRuns: 100 },
  );
});
