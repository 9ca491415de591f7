// The Unsampler against the original.
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, golden } from '../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../test/support/run-node.ts';
import { conditioningOf, fixtureModels } from '../../../../test/support/sampling.ts';
import { unsampleSigmas } from '../../../sampling/runs/unsample.ts';
import type { Latent } from '../../../sampling/sampling-types.ts';

const models = fixtureModels();
afterAll(() => models.close());

describe('seeds/unsampler', () => {
  const g = golden('seeds', 'unsampler');
  it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const { model: name, pos, neg, latent, steps, end_at_step, ...values } = one.params;
    const model = await models.model(name);
    const [positive, negative] = [conditioningOf(g, pos), conditioningOf(g, neg)];
    const samples = one.inputs.latent ? g.float(one.inputs.latent) : g.float('lat/base');
    const latent_image: Latent = {
      samples,
      ...(one.inputs.noise_mask && { noise_mask: g.float(one.inputs.noise_mask) }),
    };
    const context = testContext();
    const run = () =>
      runNode(
        'BNK_Unsampler',
        { model, positive, negative, steps, end_at_step, ...values, latent_image },
        context,
      );
    if (one.note?.startsWith('raises')) {
      await expect(run()).rejects.toMatchObject({
        code: 'DR_INPUT_INVALID',
        input: 'sampler_name',
      });
      return;
    }
    const { sampler_name: sampler, scheduler } = values;
    const sigmas = unsampleSigmas({
      sampling: model.sampling,
      samplerName: sampler,
      scheduler,
      steps,
    });
    expectGolden(g, one.id, one.outputs.sigmas, sigmas);
    const [result] = await run();
    expect(Object.keys(result).sort(), one.id).toEqual(one.scalars!.out_keys);
    expectGolden(g, one.id, one.outputs.samples, (result as Latent).samples);
  });
});
