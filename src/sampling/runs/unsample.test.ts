// Unsampling with uni_pc, which ends in NaN as in the original; other cases run through the node in
// nodes/packs/noise.
import { afterAll, expect, it } from 'vitest';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { conditioningOf, fixtureModels, latentOf } from '../../../test/support/sampling.ts';
import { unsample, unsampleSigmas } from './unsample.ts';

const fixtures = fixtureModels();
afterAll(() => fixtures.close());

it('seeds/unsampler uni_pc', async () => {
  const g = golden('seeds', 'unsampler');
  const c = g.cases.find(({ id }) => id === 'uni_pc')!;
  const {
    model: name,
    pos,
    neg,
    steps,
    end_at_step,
    cfg,
    sampler_name: samplerName,
    scheduler,
  } = c.params;
  const model = await fixtures.model(name);
  const warnings: string[] = [];
  const { samples } = await unsample({
    rules: RULES,
    model,
    steps,
    cfg,
    samplerName,
    scheduler,
    endAtStep: end_at_step,
    normalize: false,
    positive: conditioningOf(g, pos),
    negative: conditioningOf(g, neg),
    latent: latentOf(g, c),
    warn: (line) => warnings.push(line),
  });
  expectGolden(
    g,
    c.id,
    c.outputs.sigmas,
    unsampleSigmas({ sampling: model.sampling, scheduler, samplerName, steps }),
  );
  expectGolden(g, c.id, c.outputs.samples, samples);
  expect(warnings).toEqual([expect.stringMatching(/^NaN at step/)]);
});
