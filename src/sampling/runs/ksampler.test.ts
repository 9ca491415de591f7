// KSampler and KSamplerAdvanced on the fixture checkpoints, against the original's latents.
import { afterAll, describe, expect, it } from 'vitest';
import {
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import {
  bigintOf,
  conditioningOf,
  fixtureModels,
  latentOf,
} from '../../../test/support/sampling.ts';
import { commonKSampler } from './ksampler.ts';

const fixtures = fixtureModels();
afterAll(() => fixtures.close());

async function inputsOf(g: Golden, c: GoldenCase) {
  const { params } = c;
  return {
    model: await fixtures.model(params.model),
    steps: params.steps,
    cfg: params.cfg,
    samplerName: params.sampler_name,
    scheduler: params.scheduler,
    positive: conditioningOf(g, params.pos),
    negative: conditioningOf(g, params.neg),
    latent: latentOf(g, c),
  };
}

describe('KSampler', () => {
  const g = golden('nodes_core', 'ksampler');
  it.each(g.cases)('$id', async (c) => {
    const { seed, denoise } = c.params;
    const { samples, noise_mask } = await commonKSampler({
      rules: RULES,
      ...(await inputsOf(g, c)),
      seed: bigintOf(seed),
      denoise,
    });
    expectGolden(g, c.id, c.outputs.samples, samples);
    expect(noise_mask === undefined).toBe(c.inputs.noise_mask === undefined);
  });
});

describe('KSamplerAdvanced', () => {
  const g = golden('nodes_core', 'ksampler_advanced');
  it.each(g.cases)('$id', async (c) => {
    const { params } = c;
    const { samples } = await commonKSampler({
      rules: RULES,
      ...(await inputsOf(g, c)),
      seed: bigintOf(params.noise_seed),
      addNoise: params.add_noise === 'enable',
      startAtStep: params.start_at_step,
      endAtStep: params.end_at_step,
      returnWithLeftoverNoise: params.return_with_leftover_noise === 'enable',
    });
    expectGolden(g, c.id, c.outputs.samples, samples);
  });
});
