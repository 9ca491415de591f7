// Qwen-Image with ControlNets of DiffSynth of small sizes against ComfyUI
// (test/golden/dit/make_qwen_control.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blockMeans } from '../../../test/support/block-means.ts';
import { fixtureWeights } from '../../../test/support/dit-cases.ts';
import { noiseTensor, seededTensors } from '../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { createFlux } from '../flux/network.ts';
import { identifyModel } from '../inspect/inspect-model.ts';
import type { ModelPatch } from '../model-patch.ts';
import { createQwenImage } from './qwen-image.ts';

const g = golden('dit', 'qwen_control');
const [{ params: first }] = g.cases;
const folder = mkdtempSync(join(tmpdir(), 'darkroom-qwen-patch-'));
const runtime = createRuntime({ threads: 1 });
const pathOf = (kind: string): string => join(folder, `${kind}.safetensors`);
const kinds = Object.keys(first.weights);
const context = testContext({
  model_patches: Object.fromEntries(kinds.map((kind) => [`${kind}.safetensors`, pathOf(kind)])),
});

beforeAll(async () => {
  for (const kind of kinds)
    await writeSafetensors(pathOf(kind), seededTensors(first.weights[kind]));
});
afterAll(async () => {
  await runtime.close();
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

const load = async (kind: string): Promise<ModelPatch> =>
  (await runNode<[ModelPatch]>('ModelPatchLoader', { name: `${kind}.safetensors` }, context))[0];

it.each(g.cases)('golden dit/qwen_control $id', async ({ id, params, outputs }) => {
  const { strengths, size, sigma, reference } = params;
  let model = {
    denoiser: createQwenImage(runtime, await fixtureWeights('tiny_qwen_image')),
  } as Model;
  for (const [i, kind] of params.kinds.entries())
    [model] = await runNode<[Model]>(
      'QwenImageDiffsynthControlnet',
      {
        model,
        vae: blockMeans,
        model_patch: await load(kind),
        strength: strengths[i],
        image: g.float(`given ${params.image}`),
        ...(params.mask && { mask: g.float(`given ${params.mask}`) }),
      },
      context,
    );
  const v = await model.denoiser.evaluate({
    x: noiseTensor(size, 1, 3),
    timesteps: new Float32Array(size[0]).fill(Math.fround(sigma)),
    context: noiseTensor([size[0], 5, 64], 2, 3),
    ...(reference && { references: { latents: [noiseTensor(reference, 5, 3)] } }),
  });
  expectGolden(g, id, outputs.v, v);
});

it('is recognised, and refused on other models', async () => {
  expect(await identifyModel(pathOf('plain'))).toMatchObject({
    kind: 'model patch',
    architecture: 'ControlNet, Qwen-Image',
  });
  const flux = createFlux(runtime, await fixtureWeights('tiny_flux_dev'));
  const inputs = { model_patch: await load('plain'), vae: blockMeans, strength: 1 };
  const image = g.float('given same size');
  await expect(
    runNode(
      'QwenImageDiffsynthControlnet',
      { ...inputs, image, model: { denoiser: flux } },
      context,
    ),
  ).rejects.toMatchObject({ input: 'model', message: expect.stringContaining('Qwen-Image') });
});
