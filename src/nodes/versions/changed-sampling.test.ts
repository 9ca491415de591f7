// Samplers that changed between releases, beside the originals of both (test/golden/versions/
// make_sampling.py).
import { describe, expect, it } from 'vitest';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { f32, type Vector } from '../../sampling/float32.ts';
import { discreteSampling } from '../../sampling/model/model-sampling.ts';
import { samplerKind } from '../../sampling/samplers/index.ts';
import { seededNoise } from '../../sampling/samplers/noise-sources.ts';
import { zeros } from '../../tensor/tensor.ts';
import { behaviourOf } from './behaviour-changes.ts';
import { COMFYUI_VERSIONS } from './comfyui-versions.ts';

const denoise = async (x: Vector, sigma: number): Promise<Vector> =>
  x.map((value) => Math.tanh(f32(value / f32(sigma + 1))));

describe.each(COMFYUI_VERSIONS)('ComfyUI %s', (version) => {
  const g = golden('versions', `more_samplers_${version}`);
  const rules = behaviourOf(version);

  it.each(g.cases.map((one) => [one.id, one]))('%s', async (id, { params, inputs, outputs }) => {
    const { data: x } = g.float(inputs.x);
    const sigmas = Float32Array.from(params.sigmas as number[]);
    const seed = BigInt(params.seed);
    const result = samplerKind(params.sampler).sample(denoise, x, sigmas, {
      ...params.options,
      rules,
      noise: seededNoise({ seed, count: x.length, sigmas, rules }),
      sampling: discreteSampling(),
      guided: async (latent, sigma) => {
        const denoised = await denoise(latent, sigma);
        return { denoised, uncond: denoised };
      },
    });
    if (outputs.out) expectGolden(g, id, outputs.out, await result);
    else
      await expect(result).rejects.toMatchObject({
        code: 'DR_INPUT_INVALID',
        message: 'lcm needs at least two sigmas, and there is one',
      });
  });

  // Until 0.3.75 the node then had no output, and the nodes behind it failed.
  it('AddNoise without sigmas returns the latent', async () => {
    const latent = { samples: zeros([1, 4, 2, 2]) };
    const inputs = { model: {}, noise: {}, sigmas: new Float32Array(), latent_image: latent };
    const context = { ...testContext(), behaviour: rules };
    expect(await runNode('AddNoise', inputs, context)).toEqual([latent]);
  });
});
