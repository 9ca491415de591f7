// The custom sampling nodes, run by their declarations, against the originals.
import { afterAll, describe, expect, it } from 'vitest';
import { expectExact, expectGolden, golden } from '../../../../../test/support/golden.ts';
import { RULES } from '../../../../../test/support/rules.ts';
import { runNode } from '../../../../../test/support/run-node.ts';
import { conditioningOf, fixtureModels } from '../../../../../test/support/sampling.ts';
import type { Denoiser } from '../../../../models/denoiser.ts';
import { f32 } from '../../../../sampling/float32.ts';
import { perpendicular } from '../../../../sampling/guiders/guidance-step.ts';
import { fromModelLatent, toModelLatent } from '../../../../sampling/model/latent-format.ts';
import { makeModel } from '../../../../sampling/model/model.ts';
import {
  EDM_SAMPLINGS,
  withContinuousSampling,
  withDiscreteSampling,
} from '../../../../sampling/patches/model-sampling-patches.ts';
import type { NoiseGenerator } from '../../../../sampling/runs/custom.ts';
import { runSampler } from '../../../../sampling/runs/sample.ts';
import type { ConfiguredSampler } from '../../../../sampling/samplers/sampler.ts';
import type { Conditioning, Latent, Model } from '../../../../sampling/sampling-types.ts';
import {
  IMPACT_SCHEDULERS,
  impactSigmas,
} from '../../../../sampling/schedules/impact-schedules.ts';
import { calculateSigmas } from '../../../../sampling/schedules/schedules.ts';
import { full, map, tensor, zeros } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

const fixtures = fixtureModels();
afterAll(() => fixtures.close());

const run = (type: string, inputs: Record<string, unknown> = {}) => runNode(type, inputs);
const zeroUnet: Denoiser = {
  inChannels: 4,
  outChannels: 4,
  contextDim: 6,
  admChannels: 0,
  variant: () => zeroUnet,
  evaluate: async ({ x }) => zeros(x.shape),
};
const sd1 = makeModel('sd1', zeroUnet);

it('schedules/custom_nodes', async () => {
  const g = golden('schedules', 'custom_nodes');
  for (const { id, params, inputs, outputs } of g.cases) {
    const { node, args, ...values } = params;
    const names = Object.keys(NODES.get(node)!.inputs);
    const positional = Object.fromEntries(
      (args ?? []).map((value: number, i: number) => [names[i], value]),
    );
    const sigmas = inputs.sigmas && g.float(inputs.sigmas).data;
    const results = await run(node, { model: sd1, sigmas, ...positional, ...values });
    for (const [i, name] of Object.values(outputs).entries())
      expectExact(g, id, name, results[i] as Float32Array);
  }
});

describe('schedules/impact', () => {
  const g = golden('schedules', 'impact');
  it('every scheduler of the Impact Pack', () => {
    const cases = g.cases.filter(({ params }) => !params.node);
    for (const { id, params, outputs, note } of cases) {
      const { scheduler, sampler, steps } = params;
      expect(IMPACT_SCHEDULERS, id).toContain(scheduler);
      expect(note, id).toBeUndefined();
      expectExact(
        g,
        id,
        outputs.sigmas,
        impactSigmas({ sampling: sd1.sampling, scheduler, samplerName: sampler, steps }),
      );
    }
  });

  it('the nodes of Align Your Steps and GITS', async () => {
    const cases = g.cases.filter(({ params }) => params.node);
    expect(cases.length).toBeGreaterThan(0);
    for (const { id, params, outputs } of cases) {
      const { node, ...values } = params;
      const [sigmas] = await run(node, values);
      expectExact(g, id, outputs.sigmas, sigmas as Float32Array);
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
      DualCFGGuider: {
        model,
        cond1: bp,
        cond2: bp2,
        negative: bn,
        cfg_conds,
        cfg_cond2_negative,
        style,
      },
    };
    return (await run(params.guider as string, inputs[params.guider as string]))[0];
  }

  it.each(g.cases)('$id', async ({ id, params, inputs, outputs }) => {
    const model = await fixtures.model('base');
    const [sampler] = await run('KSamplerSelect', { sampler_name: params.sampler });
    const latent: Latent = {
      samples: g.float(inputs.latent),
      noise_mask: params.mask ? g.float(`mask/${params.mask}`) : undefined,
    };
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

describe('schedules/model_patches', () => {
  const g = golden('schedules', 'model_patches');
  it.each(g.cases)('$id', async ({ id, params, inputs, outputs }) => {
    const { node, sigmas, timesteps, percents, at, ...values } = params;
    const [model]: readonly Model[] = await run(node, { model: sd1, ...values });
    const { sampling, latentFormat } = model;
    const [x, y] = [g.float(inputs.x), g.float(inputs.y)];
    const { sigmaMin, sigmaMax } = sampling;
    const table = sampling.sigmas;
    const actual: Record<string, ArrayLike<number>> = {
      ends: [sigmaMin, sigmaMax, table[table.length / 2], table.length],
      timestep: sigmas.map((sigma: number) => sampling.timestep(Math.fround(sigma))),
      sigma: timesteps.map((t: number) => sampling.sigma(Math.fround(t))),
      percent: percents.map(sampling.percentToSigma),
      input: sampling.calculateInput(at, x.data),
      denoised: sampling.calculateDenoised(at, y.data, x.data),
      noised: sampling.noiseScaling(at, x.data, y.data, true),
      in: toModelLatent(latentFormat, x).data,
      out: fromModelLatent(latentFormat, x).data,
    };
    for (const [name, tensor] of Object.entries(outputs))
      expectExact(g, `${id} ${name}`, tensor, actual[name]);
    expect(latentFormat === sd1.latentFormat).toBe(!outputs.in);
  });
});

it('schedules/more_nodes', async () => {
  const g = golden('schedules', 'more_nodes');
  const models: Record<string, Model> = {
    lcm: withDiscreteSampling(sd1, 'lcm', false),
    playground: withContinuousSampling(sd1, EDM_SAMPLINGS['edm_playground_v2.5'], 0.002, 80),
  };
  for (const { id, params, inputs, outputs } of g.cases) {
    const { node, model, ...values } = params;
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, key]) => [name, g.float(key)]),
    );
    if (node === 'calculate_sigmas') {
      expectExact(
        g,
        id,
        outputs.out,
        calculateSigmas(models[model].sampling, values.scheduler, values.steps),
      );
      continue;
    }
    const [result] = await run(node, {
      ...values,
      model: sd1,
      sigmas: tensors.sigmas?.data,
      noise: { seed: 0n, generate: () => tensors.noise } satisfies NoiseGenerator,
      latent_image: { samples: tensors.latent },
    });
    expectExact(
      g,
      id,
      outputs.out,
      node === 'AddNoise' ? (result as Latent).samples.data : (result as Float32Array),
    );
  }
});

describe('samplers/node_made', () => {
  const g = golden('samplers', 'node_made');
  it.each(g.cases.filter(({ params }) => params.node))(
    '$id',
    async ({ id, params, inputs, outputs }) => {
      const { node, seed, ...values } = params;
      const [sampler]: readonly ConfiguredSampler[] = await run(node, values);
      const noise = g.float(inputs.noise);
      const sigmas = g.float(inputs.sigmas).data;
      let last: Float32Array | undefined;
      const result = await runSampler({
        rules: RULES,
        sampler,
        sampling: sd1.sampling,
        sigmas,
        shape: noise.shape,
        predict: async (x, sigma) => {
          const denoised = x.map((value) => value / f32(f32(sigma * sigma) + 1));
          return { denoised, uncond: denoised.map((value) => f32(f32(0.7) * value) + f32(0.1)) };
        },
        noise: noise.data,
        latent: new Float32Array(noise.data.length),
        seed: BigInt(seed),
        onStep: (_, __, denoised) => {
          last = denoised;
        },
      });
      expectGolden(
        g,
        id,
        outputs.out,
        tensor(sampler.kind.resultShape?.(noise.shape, sigmas) ?? noise.shape, result),
      );
      if (outputs.denoised) expectGolden(g, id, outputs.denoised, last!);
    },
  );

  it('perp_neg', () => {
    const { id, params, inputs, outputs } = g.cases.find(({ params }) => !params.node)!;
    const [positive, negative, empty] = ['positive', 'negative', 'empty'].map((name) =>
      g.float(inputs[name]),
    );
    expectGolden(
      g,
      id,
      outputs.out,
      perpendicular(positive, negative, empty, params.neg_scale, params.cfg),
    );
  });
});

describe('guiders of perpendicular guidance', () => {
  // a network that predicts the value of its prompt, with a small ramp over the latent
  const promptUnet: Denoiser = {
    ...zeroUnet,
    evaluate: async ({ x, context }) => {
      const each = x.data.length / x.shape[0];
      return map(
        x,
        (_, i) => context.data[Math.floor(i / each) * 77 * 6] * (1 + (i % each) * 0.01),
      );
    },
  };
  const model = makeModel('sd1', promptUnet);
  const prompt = (value: number): Conditioning => [{ cond: full([1, 77, 6], value) }];
  const parts = async (guider: unknown) => ({
    guider,
    sampler: (await run('KSamplerSelect', { sampler_name: 'euler' }))[0],
    sigmas: Float32Array.of(3, 1, 0),
    noise: (await run('RandomNoise', { noise_seed: 1n }))[0],
    latent_image: { samples: zeros([1, 4, 8, 8]) },
  });
  const sides = { positive: prompt(1), negative: prompt(-0.5), empty_conditioning: prompt(0.2) };

  it('PerpNeg on a model equals PerpNegGuider', async () => {
    const [guider] = await run('PerpNegGuider', { ...sides, model, cfg: 6, neg_scale: 0.7 });
    const [patched] = await run('PerpNeg', {
      model,
      empty_conditioning: sides.empty_conditioning,
      neg_scale: 0.7,
    });
    const [plain] = await run('CFGGuider', {
      model: patched,
      positive: sides.positive,
      negative: sides.negative,
      cfg: 6,
    });
    const [a]: readonly Latent[] = await run('SamplerCustomAdvanced', await parts(guider));
    const [b]: readonly Latent[] = await run('SamplerCustomAdvanced', await parts(plain));
    expect(
      Math.max(...a.samples.data.map((value, i) => Math.abs(value - b.samples.data[i]))),
    ).toBeLessThan(1e-4);
    expect(a.samples.data.every(Number.isFinite)).toBe(true);
  });

  it('a sampler may resize the latent, unless it has a noise mask', async () => {
    const [guider] = await run('CFGGuider', {
      model,
      positive: sides.positive,
      negative: sides.negative,
      cfg: 3,
    });
    const [sampler] = await run('SamplerLCMUpscale', {
      scale_ratio: 2,
      scale_steps: 1,
      upscale_method: 'bislerp',
    });
    const [output, denoised]: readonly Latent[] = await run('SamplerCustomAdvanced', {
      ...(await parts(guider)),
      sampler,
    });
    expect(output.samples.shape).toEqual([1, 4, 16, 16]);
    expect(denoised.samples.shape).toEqual([1, 4, 16, 16]);
    const masked = { samples: zeros([1, 4, 8, 8]), noise_mask: full([1, 64, 64], 1) };
    const refused = run('SamplerCustomAdvanced', {
      ...(await parts(guider)),
      sampler,
      latent_image: masked,
    });
    await expect(refused).rejects.toMatchObject({ code: 'DR_SHAPE_MISMATCH' });
  });
});

describe('refuses inputs on which the originals fail', () => {
  const range = { steps: 4, sigma_max: 10, sigma_min: 1 };
  const edm = { model: sd1, sampling: 'edm', sigma_max: 80, sigma_min: 0 };
  it.each([
    ['KarrasScheduler', { ...range, rho: 0 }, 'rho'],
    ['ExponentialScheduler', { ...range, sigma_min: 0 }, 'sigma_min'],
    ['GITSScheduler', { coeff: 0.83, steps: 4, denoise: 1 }, 'coeff'],
    ['SetFirstSigma', { sigmas: new Float32Array(0), sigma: 3 }, 'sigmas'],
    ['ModelSamplingContinuousEDM', edm, 'sigma_min'],
  ])('%s', async (type, inputs, input) => {
    await expect(run(type, inputs)).rejects.toMatchObject({ code: 'DR_INPUT_INVALID', input });
  });

  it('BetaSamplingScheduler with alpha 0', async () => {
    await expect(
      run('BetaSamplingScheduler', { model: sd1, steps: 4, alpha: 0, beta: 1 }),
    ).rejects.toMatchObject({ code: 'DR_INPUT_INVALID' });
  });
});
