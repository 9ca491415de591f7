// The nodes of flow models against ComfyUI 0.33.0 (test/golden/flow/nodes).
import { describe, expect, it } from 'vitest';
import { expectGolden, type GoldenCase, golden } from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';
import { flowSampling, fluxSampling } from '../../../../sampling/model/flow-sampling.ts';
import type {
  Conditioning,
  GuidanceStep,
  Latent,
  Model,
} from '../../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';

const g = golden('flow', 'nodes');
const nodeOf = ({ params }: GoldenCase): string => params.node;
/** Every case of some nodes, by its id. */
const casesOf = (...nodes: readonly string[]): [string, GoldenCase][] =>
  g.cases.filter((one) => nodes.includes(nodeOf(one))).map((one) => [one.id, one]);

const modelOf = ([kind, shift, multiplier]: [string, number, number]): Model =>
  ({
    sampling: kind === 'flux' ? fluxSampling({ shift }) : flowSampling({ shift, multiplier }),
  }) as Model;

describe('model sampling', () => {
  it.each(casesOf('ModelSamplingSD3', 'ModelSamplingAuraFlow', 'ModelSamplingFlux'))(
    '%s',
    async (id, { params: { node, ...inputs }, outputs, scalars }) => {
      const model = modelOf(['flow', 1, 1]);
      const [{ sampling }] = await runNode<[Model]>(node, { model, ...inputs });
      const every = (stride: number) => sampling.sigmas.filter((_, i) => i % stride === 0);
      if (outputs.sigmas_every10) expectGolden(g, id, outputs.sigmas_every10, every(10));
      if (outputs.sigmas_every100) expectGolden(g, id, outputs.sigmas_every100, every(100));
      const { shift, multiplier } = scalars!;
      if (outputs.timestep) {
        expect(sampling.discreteFlow).toEqual({ shift, multiplier });
        const timesteps = Float32Array.of(0.2, 0.7, 1).map(sampling.timestep);
        expectGolden(g, id, outputs.timestep, timesteps);
      }
    },
  );
});

const SCHEDULES = [
  'BasicScheduler',
  'BetaSamplingScheduler',
  'SDTurboScheduler',
  'Flux2Scheduler',
  'ManualSigmas',
  'OptimalStepsScheduler',
  'GITSScheduler',
];

it.each(casesOf(...SCHEDULES))('%s', async (id, { params: { node, kind, ...inputs }, outputs }) => {
  const [sigmas] = await runNode<[Float32Array]>(node, {
    ...(kind && { model: modelOf(kind) }),
    ...inputs,
  });
  expectGolden(g, id, outputs.sigmas, sigmas);
});

it.each(casesOf('SamplingPercentToSigma'))(
  '%s',
  async (id, { params: { node, kind, ...inputs }, outputs }) => {
    const sigma = await runNode<[number]>(node, { model: modelOf(kind), ...inputs });
    expectGolden(g, id, outputs.sigma, sigma);
  },
);

it.each(casesOf('ExtendIntermediateSigmas', 'FlipSigmas', 'SetFirstSigma', 'SplitSigmasDenoise'))(
  '%s',
  async (id, { params: { node, ...options }, inputs, outputs }) => {
    const sigmas = g.float(inputs.sigmas).data;
    const made = await runNode<Float32Array[]>(node, { sigmas, ...options });
    for (const [i, name] of Object.values(outputs).entries()) expectGolden(g, id, name, made[i]);
  },
);

describe('conditioning', () => {
  it.each(
    casesOf(
      'FluxGuidance',
      'FluxDisableGuidance',
      'FluxKontextMultiReferenceLatentMethod',
      'ConditioningZeroOut',
    ),
  )('%s', async (id, { params: { node, ...options }, inputs, outputs, scalars }) => {
    const entry = {
      cond: g.float(inputs.cross),
      pooled_output: g.float(inputs.pooled),
      guidance: 3.5,
    };
    const [[changed]] = await runNode<[Conditioning]>(node, { conditioning: [entry], ...options });
    expectGolden(g, id, outputs.cross_out, changed.cond);
    expectGolden(g, id, outputs.pooled_out, changed.pooled_output!);
    expect(changed).toMatchObject(scalars!);
  });

  it.each(casesOf('ReferenceLatent'))('%s', async (id, { params, inputs, outputs }) => {
    let conditioning: Conditioning = [{ cond: { shape: [1, 1, 1], data: new Float32Array(1) } }];
    for (let i = 0; i < params.times; i++) {
      const latent: Latent = { samples: g.float(inputs[`latent${i}`]) };
      [conditioning] = await runNode<[Conditioning]>('ReferenceLatent', { conditioning, latent });
    }
    const references = conditioning[0].reference_latents!;
    expect(references.length).toBe(params.times);
    for (const [i, reference] of references.entries())
      expectGolden(g, id, outputs[`ref${i}`], reference);
  });

  it('ReferenceLatent without a latent returns the conditioning', async () => {
    const conditioning: Conditioning = [];
    expect(await runNode<unknown[]>('ReferenceLatent', { conditioning })).toEqual([conditioning]);
  });
});

describe('guidance', () => {
  it.each(casesOf('CFGZeroStar', 'CFGNorm', 'RenormCFG', 'Mahiro'))(
    '%s',
    async (id, { params, inputs, outputs, scalars, note }) => {
      const { node, cond_scale: cfg, sigma, ...options } = params;
      const [{ patches }] = await runNode<[Model]>(node, { model: {} as Model, ...options });
      const [x, cond, uncond, denoised] = ['x', 'cond_denoised', 'uncond_denoised', 'denoised'].map(
        (name) => (inputs[name] ? g.float(inputs[name]) : g.float(inputs.x)),
      );
      const step = { x, cond, uncond, cfg, sigma } as GuidanceStep;
      if (note?.startsWith('raises'))
        return expect(() => patches!.cfgFunction!(step)).toThrow(/one image at a time/);
      const result =
        scalars!.hook === 'post'
          ? await patches!.postCfg![0](denoised, step)
          : await patches!.cfgFunction!(step);
      return expectGolden(g, id, outputs.result, result);
    },
  );
});

it.each(casesOf('FluxKontextImageScale'))('%s', async (id, { inputs, outputs, scalars }) => {
  const [image] = await runNode<[Tensor]>('FluxKontextImageScale', {
    image: g.float(inputs.image),
  });
  expect(image.shape).toEqual(scalars!.size);
  const [, height, width, channels] = image.shape;
  /** The pixels of every `stride`-th column of a row. */
  const row = (y: number, stride: number): number[] =>
    Array.from({ length: Math.ceil(width / stride) }, (_, i) => {
      const at = (y * width + i * stride) * channels;
      return [...image.data.subarray(at, at + channels)];
    }).flat();
  const rows = Array.from({ length: Math.ceil(height / 16) }, (_, i) => row(i * 16, 16));
  expectGolden(g, id, outputs.strided16, rows.flat());
  expectGolden(g, id, outputs.row_300, row(300, 4));
});
