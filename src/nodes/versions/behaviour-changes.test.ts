// Results that changed between releases, beside those of the originals.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { expectGolden, type GoldenCase, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { analyticPrediction } from '../../../test/support/sampling.ts';
import { flowSampling } from '../../sampling/model/flow-sampling.ts';
import { discreteSampling } from '../../sampling/model/model-sampling.ts';
import { runSampler } from '../../sampling/runs/sample.ts';
import type { ConfiguredSampler } from '../../sampling/samplers/sampler.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BEHAVIOUR_CHANGES, behaviourOf } from './behaviour-changes.ts';
import { COMFYUI_VERSIONS, type ComfyUIVersion, includes } from './comfyui-versions.ts';

const discrete = discreteSampling();
const analytic = golden('samplers', 'analytic');

describe.each(COMFYUI_VERSIONS)('ComfyUI %s', (version) => {
  const g = golden('versions', `nodes_${version}`);
  const rules = behaviourOf(version);
  const context = { ...testContext(), behaviour: rules };
  const casesOf = (type: string): [string, GoldenCase][] =>
    g.cases.filter(({ params: { node } }) => node === type).map((c) => [c.id, c]);

  it.each(casesOf('FeatherMask'))('%s', async (id, { params, inputs, outputs }) => {
    const { left, top, right, bottom } = params;
    const margins = { left, top, right, bottom };
    const mask = g.float(inputs.mask);
    const [result] = await runNode<[Tensor]>('FeatherMask', { mask, ...margins }, context);
    expectGolden(g, id, outputs.out, result);
  });

  it.each(casesOf('SamplerER_SDE'))('%s', async (id, { params, inputs, outputs }) => {
    const { solver_type, max_stage, eta, s_noise, seed } = params;
    const [model, shift, multiplier] = params.kind;
    const isFlow = model === 'flow';
    const options = { solver_type, max_stage, eta, s_noise };
    const [sampler] = await runNode<[ConfiguredSampler]>('SamplerER_SDE', options, context);
    const noise = g.float(inputs.noise).data;
    const result = await runSampler({
      rules,
      sampler,
      sampling: isFlow ? flowSampling({ shift, multiplier }) : discrete,
      sigmas: g.float(inputs.sigmas).data,
      predict: analyticPrediction(g.has('shared/B1') ? g : analytic, isFlow),
      noise,
      latent: new Float32Array(noise.length),
      seed: BigInt(seed),
    });
    expectGolden(g, id, outputs.out, result);
  });
});

describe('LoadImageMask', () => {
  const folder = fileURLToPath(new URL('../../../test/golden/versions/input', import.meta.url));
  const load = async (type: string, version: ComfyUIVersion, inputs: Record<string, unknown>) => {
    const context = { ...testContext({}, folder), behaviour: behaviourOf(version) };
    return runNode<[Tensor, Tensor]>(type, inputs, context);
  };

  it.each(['rgb.png', 'rgba.png', 'gray.png', 'pal.png', 'still.gif', 'q90_420.jpg'])(
    '0.33.0 returns what LoadImage does: %s',
    async (image) => {
      const [loaded, mask] = await load('LoadImage', '0.33.0', { image });
      const [alpha] = await load('LoadImageMask', '0.33.0', { image, channel: 'alpha' });
      const [green] = await load('LoadImageMask', '0.33.0', { image, channel: 'green' });
      expect(alpha).toEqual(mask);
      expect(green.shape).toEqual(loaded.shape.slice(0, 3));
      expect(green.data).toEqual(loaded.data.filter((_, i) => i % 3 === 1));
    },
  );

  it('absent alpha is as large as the image in 0.3.64, and 64 x 64 in 0.33.0', async () => {
    const inputs = { image: 'rgb.png', channel: 'alpha' };
    expect((await load('LoadImageMask', '0.3.64', inputs))[0].shape).toEqual([1, 37, 53]);
    expect((await load('LoadImageMask', '0.33.0', inputs))[0].shape).toEqual([1, 64, 64]);
  });
});

it('every change lies between the oldest and the newest known release', () => {
  const [oldest, newest] = COMFYUI_VERSIONS;
  for (const { since } of Object.values(BEHAVIOUR_CHANGES)) {
    expect(includes(oldest, since)).toBe(false);
    expect(includes(newest, since)).toBe(true);
  }
});

it('a release between the known ones has the changes up to it', () => {
  expect(behaviourOf('0.22.0')).toMatchObject({
    ancestralSeedOffset: 1n,
    featherStartsAtEdge: true,
    etaScalesErSde: false,
  });
});
