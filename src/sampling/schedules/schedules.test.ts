import { describe, expect, it } from 'vitest';
import { expectExact, expectGolden, golden } from '../../../test/support/golden.ts';
import { DarkroomError } from '../../errors.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { SAMPLER_KINDS } from '../samplers/index.ts';
import { betaQuantile } from './beta-distribution.ts';
import { IMPACT_SCHEDULES } from './impact-schedules.ts';
import { calculateSigmas, ksamplerSigmas, SCHEDULERS } from './schedules.ts';

const KINDS: Record<string, ReturnType<typeof discreteSampling>> = {
  eps: discreteSampling(),
  v_zsnr: discreteSampling({ prediction: 'v', zsnr: true }),
};

describe('model sampling', () => {
  const g = golden('schedules', 'model_sampling');
  it.each(g.cases)('$id', ({ id, params, inputs, outputs }) => {
    const s = KINDS[params.kind];
    expectExact(g, id, outputs.sigmas, s.sigmas);
    expectExact(g, id, outputs.log_sigmas, s.logSigmas!);
    expectExact(g, id, outputs.sigma_of_t, Array.from(g.float(inputs.t).data, s.sigma));
    expectExact(g, id, outputs.timestep_of_sigma, Array.from(g.float(inputs.sig).data, s.timestep));
    expectGolden(g, id, outputs.percent_to_sigma, params.percents.map(s.percentToSigma));
    const [x, y, latent] = [inputs.x, inputs.y, inputs.latent].map((name) => g.float(name).data);
    for (const [i, value] of params.sigma_for_ops.entries()) {
      const sigma = value === 'sigma_max' ? s.sigmaMax : Math.fround(value);
      expectGolden(g, id, outputs[`input_${i}`], s.calculateInput(sigma, x));
      expectGolden(g, id, outputs[`denoised_${i}`], s.calculateDenoised(sigma, y, x));
      expectGolden(g, id, outputs[`noise_scaling_${i}`], s.noiseScaling(sigma, x, latent));
      expectGolden(
        g,
        id,
        outputs[`noise_scaling_max_${i}`],
        s.noiseScaling(sigma, x, latent, true),
      );
    }
  });
});

describe('KSampler schedules', () => {
  const g = golden('schedules', 'ksampler');
  it.each(SCHEDULERS)('%s', (scheduler) => {
    const cases = g.cases.filter((c) => c.params.scheduler === scheduler);
    expect(cases.length).toBeGreaterThan(50);
    for (const { id, params, outputs } of cases) {
      const { kind, sampler, steps, denoise } = params;
      expectExact(
        g,
        id,
        outputs.sigmas,
        ksamplerSigmas({ sampling: KINDS[kind], scheduler, samplerName: sampler, steps, denoise }),
      );
    }
  });
  it('covers every case', () => {
    const covered = g.cases.filter(
      ({ params }) =>
        SCHEDULERS.includes(params.scheduler) && Object.hasOwn(SAMPLER_KINDS, params.sampler),
    );
    expect(covered.length).toBe(g.cases.length);
  });
});

it('refuses unknown names', () => {
  expect(() => calculateSigmas(KINDS.eps, 'constructor', 4)).toThrow(DarkroomError);
  expect(() =>
    ksamplerSigmas({ sampling: KINDS.eps, scheduler: 'normal', samplerName: 'toString', steps: 4 }),
  ).toThrow(/unknown sampler/);
});

it('inverts the beta distribution', () => {
  // scipy.stats.beta.ppf([.02, .1, .25, .5, .75, .9, .999], .6, .6)
  const quantiles = {
    0.02: 0.002732982024577027,
    0.1: 0.03958440558878085,
    0.25: 0.17568037865269498,
    0.5: 0.5,
    0.75: 0.824319621347305,
  };
  for (const [p, x] of Object.entries(quantiles))
    expect(betaQuantile(Number(p), 0.6, 0.6)).toBeCloseTo(x, 12);
  expect(betaQuantile(0.9, 0.6, 0.6)).toBeCloseTo(0.9604155944112192, 12);
  expect(betaQuantile(0.999, 0.6, 0.6)).toBeCloseTo(0.9999814412614826, 12);
});

it.each([
  ['OSS FLUX', 10, [0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808]],
  ['OSS FLUX', 4, [0.9968000054359436, 0.9784439206123352, 0.9470999836921692, 0.6758546233177185]],
  [
    'OSS Wan',
    5,
    [1, 0.9909999966621399, 0.9800000190734863, 0.9599999785423279, 0.8640000224113464],
  ],
])('%s of %s steps are the sigmas of OptimalStepsScheduler', (scheduler, steps, expected) => {
  const sigmas = IMPACT_SCHEDULES[scheduler](KINDS.eps, steps);
  expect(sigmas).toHaveLength(steps + 1);
  for (const [i, value] of [...expected, 0].entries()) expect(sigmas[i]).toBeCloseTo(value, 6);
});

it('LTXV[default] is the schedule of LTXVScheduler for 20 steps', () => {
  // LTXVScheduler().get_sigmas(20, 2.05, 0.95, True, 0.1)
  const sigmas = IMPACT_SCHEDULES['LTXV[default]'](KINDS.eps, 7);
  expect(sigmas).toHaveLength(21);
  const expected = { 0: 1, 1: 0.99146682, 10: 0.85538703, 18: 0.31943899, 19: 0.09999996, 20: 0 };
  for (const [i, value] of Object.entries(expected))
    expect(sigmas[Number(i)]).toBeCloseTo(value, 6);
});
