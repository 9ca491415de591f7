// A small SigLIP and a small Redux against the originals (test/golden/vision/make_siglip.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noise, seededTensors } from '../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { Conditioning } from '../../sampling/sampling-types.ts';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { identifyModel } from '../inspect/inspect-model.ts';
import type { StyleModel } from '../style/load.ts';
import type { VisionModel, VisionOutput } from './load.ts';

const g = golden('vision', 'siglip');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-siglip-'));
const files = {
  clip_vision: { 'siglip.safetensors': join(folder, 'siglip.safetensors') },
  style_models: { 'redux.safetensors': join(folder, 'redux.safetensors') },
};
const context = testContext(files);
beforeAll(async () => {
  const [{ params }] = g.cases;
  const write = (file: string, weights: typeof params.weights) =>
    writeSafetensors(file, seededTensors(weights));
  await write(files.clip_vision['siglip.safetensors'], params.weights);
  await write(files.style_models['redux.safetensors'], params.redux);
});
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

const made = (shape: readonly number[], seed: number, scale: number, around: number): Tensor =>
  tensor(
    shape,
    noise(sizeOf(shape), seed, scale).map((value) => value + around),
  );
const encode = async (shape: readonly number[], crop: boolean): Promise<VisionOutput> => {
  const inputs = { clip_name: 'siglip.safetensors' };
  const [vision] = await runNode<[VisionModel]>('CLIPVisionLoader', inputs, context);
  return vision.encode(made(shape, 7, 1, 0.5), crop);
};
const apply = async (features: VisionOutput, more: object): Promise<Conditioning> => {
  const inputs = { style_model_name: 'redux.safetensors' };
  const [style_model] = await runNode<[StyleModel]>('StyleModelLoader', inputs, context);
  const conditioning = [{ cond: made([1, 9, 20], 8, 2, 0) }];
  const given = { conditioning, style_model, clip_vision_output: features, ...more };
  return (await runNode<[Conditioning]>('StyleModelApply', given, context))[0];
};

it.each(g.cases)('golden vision/siglip $id', async ({ id, params, outputs }) => {
  const features = await encode(params.shape, params.crop);
  for (const part of ['last', 'penultimate', 'embeds'] as const)
    expectGolden(g, id, outputs[part], features[part]);
  const more = { strength: params.strength, strength_type: 'multiply' };
  const [{ cond }] = await apply(features, more);
  expectGolden(g, id, outputs.cond, cond);
});

it('both are recognised by their tensors', async () => {
  const kinds = [files.clip_vision['siglip.safetensors'], files.style_models['redux.safetensors']];
  expect(await Promise.all(kinds.map((file) => identifyModel(file)))).toMatchObject([
    { kind: 'CLIP vision model', architecture: '32 wide' },
    { kind: 'style model', architecture: 'Redux, FLUX.1' },
  ]);
});
