// FLUX.1 with the style tokens of a small USO projector against ComfyUI
// (test/golden/dit/make_uso.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fixtureWeights } from '../../../test/support/dit-cases.ts';
import { noise, seededTensors } from '../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { tensor } from '../../tensor/tensor.ts';
import { identifyModel } from '../inspect/inspect-model.ts';
import type { ModelPatch } from '../model-patch.ts';
import { loadVision, type VisionModel } from '../vision/load.ts';
import { createFlux } from './network.ts';

const g = golden('dit', 'flux_uso');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-uso-'));
const [vision, projector] = ['vision', 'projector'].map((name) =>
  join(folder, `${name}.safetensors`),
);
const runtime = createRuntime({ threads: 1 });
const context = testContext({ model_patches: { 'uso.safetensors': projector } });
beforeAll(async () => {
  const [{ params }] = g.cases;
  await writeSafetensors(vision, seededTensors(params.vision));
  await writeSafetensors(projector, seededTensors(params.projector));
});
afterAll(async () => {
  await runtime.close();
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

const imageOf = (seed: number) => {
  const values = noise(40 * 61 * 3, seed, 1).map((value) => value + 0.5);
  return tensor([1, 40, 61, 3], values);
};
const load = async (): Promise<ModelPatch> =>
  (await runNode<[ModelPatch]>('ModelPatchLoader', { name: 'uso.safetensors' }, context))[0];

async function styled(seeds: readonly number[], encoder: VisionModel): Promise<Model> {
  let model = { denoiser: createFlux(runtime, await fixtureWeights('tiny_flux_dev')) } as Model;
  const model_patch = await load();
  for (const seed of seeds) {
    const clip_vision_output = await encoder.encode(imageOf(seed), true);
    const inputs = { model, model_patch, clip_vision_output };
    [model] = await runNode<[Model]>('USOStyleReference', inputs);
  }
  return model;
}

it.each(g.cases)('golden dit/flux_uso $id', async ({ id, params, outputs }) => {
  const { denoiser } = await styled(params.seeds, await loadVision(vision, runtime));
  const v = await denoiser.evaluate({
    x: g.float('x'),
    timesteps: g.float('sigma').data,
    context: g.float('context'),
    y: g.float('y'),
    guidance: Float32Array.of(3.5),
    ...(params.hasReference && {
      references: { latents: [g.float('reference')], method: 'uxo' as const },
    }),
  });
  expectGolden(g, id, outputs.v, v);
});

it('is recognised, and refused on other models and with other features', async () => {
  expect(await identifyModel(projector)).toMatchObject({ architecture: 'USO, FLUX.1' });
  const features = await (await loadVision(vision, runtime)).encode(imageOf(7), true);
  const model_patch = await load();
  const apply = (model: unknown, clip_vision_output: unknown, patch: unknown = model_patch) =>
    runNode('USOStyleReference', { model, clip_vision_output, model_patch: patch });
  const { denoiser } = await styled([], await loadVision(vision, runtime));
  await expect(apply({ denoiser: {} }, features)).rejects.toMatchObject({ input: 'model' });
  await expect(apply({ denoiser }, { ...features, earlier: undefined })).rejects.toMatchObject({
    input: 'clip_vision_output',
  });
  await expect(apply({ denoiser }, features, { kind: 'layer-control' })).rejects.toMatchObject({
    input: 'model_patch',
  });
});
