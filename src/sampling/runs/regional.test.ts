// RegionalSamplerAdvanced against the original: the latent of every sampler call, and the result.
import { afterAll, describe, expect, it } from 'vitest';
import {
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { bigintOf, conditioningOf, fixtureModels } from '../../../test/support/sampling.ts';
import { noMemo } from '../memo.ts';
import { samplerKind } from '../samplers/index.ts';
import type { Latent } from '../sampling-types.ts';
import { gitsSigmas } from '../schedules/tabulated.ts';
import { type AdvancedRegionalRun, sampleRegionsAdvanced } from './regional.ts';
import type { StepSampler } from './step-range.ts';

const models = fixtureModels();
afterAll(() => models.close());

type Described = readonly [
  model: string,
  cfg: number,
  samplerName: string,
  scheduler: string,
  positive: string,
  negative: string,
  options: {
    sampler_opt?: string;
    sigma_factor?: number;
    scheduler_func?: readonly ['GITS', number];
  },
];

async function stepSampler(
  g: Golden,
  [model, cfg, samplerName, scheduler, positive, negative, options]: Described,
): Promise<StepSampler> {
  return {
    model: await models.model(model),
    cfg,
    samplerName,
    scheduler,
    positive: conditioningOf(g, positive),
    negative: conditioningOf(g, negative),
    sigmaFactor: options.sigma_factor,
    configuredSampler: options.sampler_opt ? { kind: samplerKind(options.sampler_opt) } : undefined,
    schedulerFunc:
      options.scheduler_func &&
      ((_model, _sampler, steps) => gitsSigmas(options.scheduler_func![1], steps)),
  };
}

describe('seeds/regional', () => {
  const g = golden('seeds', 'regional');

  async function runOf({ params, inputs }: GoldenCase): Promise<AdvancedRegionalRun> {
    const regions = [];
    for (const [i, [, described]] of (params.regions as [string, Described][]).entries())
      regions.push({ mask: g.float(inputs[`mask${i}`]), sampler: await stepSampler(g, described) });
    return {
      rules: RULES,
      base: await stepSampler(g, params.base),
      regions,
      seed: bigintOf(params.noise_seed),
      steps: params.steps,
      latent: { samples: g.float(inputs.latent) },
      startAtStep: params.start_at_step,
      endAtStep: params.end_at_step,
      addNoise: params.add_noise,
      returnWithLeftoverNoise: params.return_with_leftover_noise,
      overlap: params.overlap_factor,
      restoreLatent: params.restore_latent,
      recovery: { mode: params.mode, samplerName: params.sampler, ratio: params.ratio },
    };
  }

  it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (id, one) => {
    const parts: { name: string; latent: Latent }[] = [];
    const result = await sampleRegionsAdvanced({
      ...(await runOf(one)),
      afterPass: ({ step, pass, latent }) =>
        parts.push({ name: `${pass ? `r${pass - 1}` : 'base'}_${step}_${step + 1}`, latent }),
    });
    expect(one.note, id).toBeUndefined();
    for (const [i, { name, latent }] of parts.entries()) {
      const call = `call${String(i).padStart(2, '0')}_${name}`;
      expectGolden(g, id, one.outputs[call], latent.samples);
    }
    expect(Object.keys(result), id).toEqual(one.scalars!.out_keys);
    expectGolden(g, id, one.outputs.samples, result.samples);
  });

  it('the result is the same bit by bit with and without a memo', async () => {
    for (const id of ['sde_region', 'sde_heun_recovery', 'dpm2_mixed', 'ancestral', 'sd1']) {
      const run = await runOf(g.cases.find((one) => one.id === id)!);
      const [withMemo, withoutMemo] = [
        await sampleRegionsAdvanced(run),
        await sampleRegionsAdvanced({ ...run, memo: noMemo }),
      ];
      expect(
        Buffer.from(withMemo.samples.data.buffer).equals(
          Buffer.from(withoutMemo.samples.data.buffer),
        ),
        id,
      ).toBe(true);
    }
  });
});
