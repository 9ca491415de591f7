// The nodes of custom sampling through their declarations, against the originals.
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { analyticPrediction, conditioningOf, fixtureModels } from '../../../test/support/sampling.ts';
import type { UNet } from '../../runtime/types.ts';
import { setMask } from '../../sampling/conditioning-ops.ts';
import type { ChosenSampler } from '../../sampling/custom.ts';
import { makeModel } from '../../sampling/model.ts';
import { discreteSampling } from '../../sampling/model-sampling.ts';
import { runSampler } from '../../sampling/sample.ts';
import { IMPACT_SCHEDULERS, impactSigmas } from '../../sampling/schedules/impact.ts';
import type { Latent, Model } from '../../sampling/types.ts';
import { full, tensor, zeros } from '../../tensor/tensor.ts';
import { NODES } from '../index.ts';

const fixtures = fixtureModels();
afterAll(() => fixtures.close());

const run = (type: string, inputs: Record<string, unknown> = {}) => runNode(type, inputs);
const still: UNet = {
  inChannels: 4,
  outChannels: 4,
  contextDim: 6,
  admChannels: 0,
  variant: () => still,
  evaluate: async ({ x }) => zeros(x.shape),
};
const sd1 = makeModel('sd1', still);

it('schedules/custom_nodes', async () => {
  const g = golden('schedules', 'custom_nodes');
  for (const { id, params, inputs, outputs } of g.cases) {
    const { node, args, ...values } = params;
    const names = Object.keys(NODES.get(node)!.inputs);
    const positional = Object.fromEntries((args ?? []).map((value: number, i: number) => [names[i], value]));
    const sigmas = inputs.sigmas && g.float(inputs.sigmas).data;
    const results = await run(node, { model: sd1, sigmas, ...positional, ...values });
    for (const [i, name] of Object.values(outputs).entries()) expectGolden(g, id, name, results[i] as Float32Array);
  }
});

describe('schedules/impact', () => {
  const g = golden('schedules', 'impact');
  it('every scheduler of the pack', () => {
    const cases = g.cases.filter(({ params }) => !params.node);
    for (const { id, params, outputs, note } of cases) {
      const { scheduler, sampler, steps } = params;
      expect(IMPACT_SCHEDULERS, id).toContain(scheduler);
      expect(note, id).toBeUndefined();
      expectGolden(g, id, outputs.sigmas, impactSigmas({ sampling: sd1.sampling, scheduler, sampler, steps }));
    }
  });

  it('the nodes of Align Your Steps and GITS', async () => {
    const cases = g.cases.filter(({ params }) => params.node);
    expect(cases.length).toBeGreaterThan(0);
    for (const { id, params, outputs } of cases) {
      const { node, ...values } = params;
      const [sigmas] = await run(node, values);
      expectGolden(g, id, outputs.sigmas, sigmas as Float32Array);
    }
  });
});

describe('nodes_core/sampler_custom', () => {
  const g = golden('nodes_core', 'sampler_custom');
  const [bp, bn, bp2] = ['bp', 'bn', 'bp2'].map((name) => conditioningOf(g, name));

  async function guider(model: Model, params: Record<string, unknown>): Promise<unknown> {
    const { cfg, cfg_conds, cfg_cond2_negative } = params;
    const style = String(params.style ?? 'regular');
    const inputs: Record<string, Record<string, unknown>> = {
      BasicGuider: { model, conditioning: bp },
      CFGGuider: { model, positive: bp, negative: bn, cfg },
      DualCFGGuider: { model, cond1: bp, cond2: bp2, negative: bn, cfg_conds, cfg_cond2_negative, style },
    };
    return (await run(params.guider as string, inputs[params.guider as string]))[0];
  }

  it.each(g.cases)('$id', async ({ id, params, inputs, outputs }) => {
    const model = await fixtures.model('base');
    const [sampler] = await run('KSamplerSelect', { sampler_name: params.sampler });
    const latent: Latent = { samples: g.float(inputs.latent), noise_mask: params.mask ? g.float(`mask/${params.mask}`) : undefined };
    const parts = { sampler, sigmas: g.float(inputs.sigmas).data, latent_image: latent };
    const style = id.endsWith('nested') ? 'nested' : 'regular';
    const results: readonly Latent[] =
      params.node === 'SamplerCustom'
        ? await run('SamplerCustom', {
            ...parts,
            model,
            positive: conditioningOf(g, params.pos),
            negative: conditioningOf(g, params.neg),
            cfg: params.cfg,
            add_noise: params.add_noise,
            noise_seed: BigInt(params.noise_seed),
          })
        : await run('SamplerCustomAdvanced', {
            ...parts,
            guider: await guider(model, { ...params, style }),
            noise: (await run(...noiseOf(params.noise)))[0],
          });
    expectGolden(g, id, outputs.output, results[0].samples);
    expectGolden(g, id, outputs.denoised, results[1].samples);
    expect(results[1].noise_mask).toBe(latent.noise_mask);
  });
});

const noiseOf = (noise: string | [string, number]): [string, Record<string, unknown>] =>
  typeof noise === 'string' ? [noise, {}] : [noise[0], { noise_seed: BigInt(noise[1]) }];
