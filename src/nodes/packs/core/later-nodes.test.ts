// Nodes that ComfyUI has since 0.3.64, against the originals
// (test/golden/core_nodes/make_later.py).
import { describe, expect, it } from 'vitest';
import { noiseTensor } from '../../../../test/support/files/rewrite.ts';
import { expectExact, expectGolden, golden } from '../../../../test/support/golden.ts';
import { runNode } from '../../../../test/support/run-node.ts';
import { discreteSampling } from '../../../sampling/model/model-sampling.ts';
import type { ConfiguredSampler } from '../../../sampling/samplers/sampler.ts';
import type {
  Conditioning,
  GuidanceStep,
  Latent,
  Model,
} from '../../../sampling/sampling-types.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';

const g = golden('core_nodes', 'later');
const casesOf = (node: string) =>
  g.cases.filter(({ params }) => params.node === node).map((one) => [one.id, one] as const);

describe('SamplerLCM', () => {
  it.each(casesOf('SamplerLCM'))('%s', async (id, { params, outputs }) => {
    const [sampler] = await runNode<[ConfiguredSampler]>('SamplerLCM', params.options);
    const draws = [11, 12, 13].map((seed) => noiseTensor(params.shape, seed, 3).data);
    const start = noiseTensor(params.shape, 1).data.map((value) => value * 9);
    const sampled = await sampler.kind.sample(
      async (x, sigma) => x.map((value) => value * Math.fround(0.9 / Math.fround(1 + sigma))),
      start,
      Float32Array.from(params.sigmas),
      { sampling: discreteSampling(), noise: () => draws.shift()!, ...sampler.options } as never,
    );
    expectGolden(g, id, outputs.out, tensor(params.shape, sampled));
  });
});

describe('TemporalScoreRescaling', () => {
  it.each(casesOf('TemporalScoreRescaling'))('%s', async (id, { params, outputs }) => {
    const inputs = { model: {} as Model, ...params.options };
    const [model] = await runNode<[Model]>('TemporalScoreRescaling', inputs);
    const x = noiseTensor(params.shape, 3);
    const step = {
      x: tensor(
        x.shape,
        x.data.map((value) => value * Math.fround(params.sigma)),
      ),
      sigma: params.sigma,
      sampling: discreteSampling(),
    };
    const [change] = model.patches!.postCfg!;
    const out = await change(noiseTensor(params.shape, 2), step as unknown as GuidanceStep);
    expectGolden(g, id, outputs.out, out);
  });
});

describe('images', () => {
  const exact = ['CenterCropImages', 'ResizeImagesByShorterEdge', 'ResizeImagesByLongerEdge'];
  const nodes = ['AdjustBrightness', 'AdjustContrast', 'NormalizeImages', ...exact];
  it.each(nodes.flatMap(casesOf))('%s', async (id, { params, outputs }) => {
    const images = noiseTensor(params.shape, 6, 1, 0.5);
    const [out] = await runNode<[Tensor]>(params.node, { images, ...params.options });
    if (exact.includes(params.node)) expectExact(g, id, outputs.out, out.data);
    expectGolden(g, id, outputs.out, out);
  });
});

it('MergeImageLists makes a list of single images', async () => {
  const images = [noiseTensor([2, 3, 4, 3], 1), noiseTensor([1, 5, 4, 3], 2)];
  const [list] = await runNode<[readonly Tensor[]]>('MergeImageLists', { images });
  expect(list.map(({ shape }) => shape)).toEqual([
    [1, 3, 4, 3],
    [1, 3, 4, 3],
    [1, 5, 4, 3],
  ]);
});

describe('LatentCutToBatch', () => {
  it.each(casesOf('LatentCutToBatch'))('%s', async (id, { params, outputs }) => {
    const inputs = { samples: { samples: noiseTensor([2, 4, 6, 5], 7) }, ...params.options };
    const [{ samples }] = await runNode<[Latent]>('LatentCutToBatch', inputs);
    expectGolden(g, id, outputs.out, samples);
  });
});

describe('latents with frames', () => {
  const frames = {
    samples: tensor(
      [2, 2, 3, 2, 2],
      Float32Array.from({ length: 48 }, (_, i) => i),
    ),
  };

  // s = torch.arange(48).reshape(2, 2, 3, 2, 2)
  it('are cut along t', async () => {
    const cut = { samples: frames, dim: 't', slice_size: 1 };
    const [{ samples }] = await runNode<[Latent]>('LatentCutToBatch', cut);
    expect(samples.shape).toEqual([6, 2, 1, 2, 2]);
    // s.movedim(2, 1).reshape([-1, 1, 2, 2, 2]).movedim(1, 2)[5].flatten()
    expect([...samples.data.slice(-8)]).toEqual([32, 33, 34, 35, 44, 45, 46, 47]);
    const part = { samples: frames, dim: 't', index: 1, amount: 1 };
    const [one] = await runNode<[Latent]>('LatentCut', part);
    // torch.narrow(s, 2, 1, 1)[1].flatten()
    expect([...one.samples.data.slice(-8)]).toEqual([28, 29, 30, 31, 40, 41, 42, 43]);
    const pair = { samples1: one, samples2: frames, dim: '-t' };
    const [joined] = await runNode<[Latent]>('LatentConcat', pair);
    expect(joined.samples.shape).toEqual([2, 2, 4, 2, 2]);
  });
});

describe('ResolutionSelector', () => {
  it.each(casesOf('ResolutionSelector'))('%s', async (_, { params }) => {
    expect(await runNode('ResolutionSelector', params.options)).toEqual(params.size);
  });
});

it('ConditioningMultiply multiplies the pooled features too', async () => {
  const conditioning = [
    { cond: noiseTensor([1, 7, 5], 4), pooled_output: noiseTensor([1, 6], 5), strength: 2 },
  ];
  const inputs = { conditioning, multiplier: -1.3 };
  const [[entry]] = await runNode<[Conditioning]>('ConditioningMultiply', inputs);
  expectGolden(g, 'ConditioningMultiply', 'ConditioningMultiply', entry.cond);
  expectGolden(g, 'ConditioningMultiply', 'ConditioningMultiply pooled', entry.pooled_output!);
  expect(entry.strength).toBe(2);
  const [[bare]] = await runNode<[Conditioning]>('ConditioningMultiply', {
    conditioning: [{ cond: noiseTensor([1, 1, 1], 1), pooled_output: null }],
    multiplier: 2,
  });
  expect(bare.pooled_output).toBeNull();
});

describe('ManualSigmas', () => {
  it.each(casesOf('ManualSigmas'))('%s', async (_, { params }) => {
    const [sigmas] = await runNode<[Float32Array]>('ManualSigmas', { sigmas: params.text });
    expect([...sigmas]).toEqual(params.sigmas);
  });

  // [float(x) for x in re.findall(r'[-+]?(?:\d*\.*\d+)', text)]
  it.each([
    ['+.5 1.25.5 4. - 5e-3', [0.5, 1.25, 0.5, 4, 5, -3]],
    ['-1-2', [-1, -2]],
    ['. .. 0.25.', [0.25]],
    ['7.5.25.', [7.5, 0.25]],
    ['', []],
  ])('reads %j', async (text, expected) => {
    expect([...(await runNode<[Float32Array]>('ManualSigmas', { sigmas: text }))[0]]).toEqual(
      expected,
    );
  });

  it('takes linear time', async () => {
    const text = `${'.'.repeat(300_000)} ${'1.'.repeat(300_000)}`;
    expect((await runNode<[Float32Array]>('ManualSigmas', { sigmas: text }))[0]).toHaveLength(
      299_999,
    );
  });

  it('refuses what is no number', async () => {
    await expect(async () => runNode('ManualSigmas', { sigmas: '1..5' })).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: "'1..5' in sigmas is not a number",
    });
  });
});

it.each([
  ['TorchCompileModel', 'model', { backend: 'inductor' }],
  ['ModelAttentionBackend', 'model', { attention: 'sage attention' }],
  ['MultiGPU_WorkUnits', 'model', { max_gpus: 2 }],
  ['SelectModelDevice', 'model', { device: 'gpu:1' }],
  ['SelectCLIPDevice', 'clip', { device: 'cpu' }],
  ['SelectVAEDevice', 'vae', { device: 'default' }],
])('%s passes its input unchanged', async (type, input, more) => {
  const value = {};
  expect(await runNode(type, { [input]: value, ...more })).toEqual([value]);
});
