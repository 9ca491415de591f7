// Style models against ComfyUI's with a small model (test/golden/vision/make_style.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noise, seededTensors } from '../../../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import { identifyModel } from '../../../../models/inspect/inspect-model.ts';
import type { StyleModel } from '../../../../models/style/load.ts';
import type { Conditioning } from '../../../../sampling/sampling-types.ts';
import { narrow } from '../../../../tensor/axes.ts';
import { sizeOf, type Tensor, tensor } from '../../../../tensor/tensor.ts';

const g = golden('vision', 'style');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-style-'));
const file = join(folder, 'style.safetensors');
const fixtures = fixtureFolders({ checkpoints: ['tiny_sd1'] });
const context = testContext({
  style_models: {
    'style.safetensors': file,
    'sd1.safetensors': fixtures.checkpoints['tiny_sd1.safetensors'],
  },
});

beforeAll(async () => {
  await writeSafetensors(file, seededTensors(g.cases[0].params.weights));
});
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

const made = (shape: readonly number[], seed: number): Tensor =>
  tensor(shape, noise(sizeOf(shape), seed, 2));
const load = async (name: string) =>
  (await runNode<[StyleModel]>('StyleModelLoader', { style_model_name: name }, context))[0];
const features = (images: number, width = 64) => ({ last: made([images, 17, width], 5) });

it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (id, { params, outputs }) => {
  const { images, strength, kind, lengths } = params;
  const conditioning = [
    { cond: made([1, 77, 48], 6), strength: 0.5 },
    { cond: made([1, 154, 48], 7) },
  ];
  const inputs = {
    conditioning,
    style_model: await load('style.safetensors'),
    clip_vision_output: features(images),
    strength,
    strength_type: kind,
  };
  const [result] = await runNode<[Conditioning]>('StyleModelApply', inputs, context);
  expect(result.map(({ cond }) => cond.shape[1])).toEqual(lengths);
  expect(result[0].strength).toBe(0.5);
  for (const [i, { cond }] of result.entries()) {
    const from = cond.shape[1] - 8 * images;
    expectGolden(g, id, outputs[String(i)], narrow(cond, 1, from, 8 * images));
  }
});

it('is recognised by its tensors', async () => {
  expect(await identifyModel(file)).toMatchObject({
    kind: 'style model',
    architecture: 'T2I-Adapter, SD1.x',
  });
});

it('another kind of file is refused', async () => {
  await expect(load('sd1.safetensors')).rejects.toMatchObject({
    code: 'DR_MODEL_UNSUPPORTED',
    message: expect.stringContaining('is not a style model but a checkpoint'),
  });
});

it('refuses features and prompts of other models', async () => {
  const style_model = await load('style.safetensors');
  const inputs = { style_model, strength: 1, strength_type: 'multiply' };
  const apply = (width: number, conditioning: Conditioning) => async () =>
    runNode(
      'StyleModelApply',
      { ...inputs, conditioning, clip_vision_output: features(1, width) },
      context,
    );
  await expect(apply(80, [])).rejects.toMatchObject({ input: 'clip_vision_output' });
  await expect(apply(64, [{ cond: made([1, 77, 50], 1) }])).rejects.toMatchObject({
    input: 'conditioning',
  });
});
