// Z-Image with Fun ControlNets of small sizes against ComfyUI
// (test/golden/dit/make_z_image_control.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededTensors, type TensorsToWrite } from '../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { toNCHW } from '../../image/channel-order.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { repeatToBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import { identifyModel } from '../inspect/inspect-model.ts';
import type { ModelPatch } from '../model-patch.ts';
import type { Autoencoder } from '../vae/autoencoder.ts';
import { weightsOf } from '../weights/tensors.ts';
import { createNextDit } from './nextdit.ts';

const g = golden('dit', 'z_image_control');
const [{ params: first }] = g.cases;
const folder = mkdtempSync(join(tmpdir(), 'darkroom-control-'));
const runtime = createRuntime({ threads: 1 });
const pathOf = (kind: string): string => join(folder, `${kind}.safetensors`);
const kinds = Object.keys(first.weights);
const context = testContext({
  model_patches: Object.fromEntries(kinds.map((kind) => [`${kind}.safetensors`, pathOf(kind)])),
});

/** q, k and v apart, as the published files have them. */
function apart(tensors: TensorsToWrite): TensorsToWrite {
  const renamed = Object.entries(tensors).flatMap(([name, { shape, data, dtype }]) => {
    const plain = name
      .replace('.attention.out.', '.attention.to_out.0.')
      .replace(/\.attention\.(q|k)_norm\./, '.attention.norm_$1.');
    if (!name.endsWith('attention.qkv.weight')) return [[plain, { shape, data, dtype }] as const];
    const numbers = data as Float32Array;
    const size = numbers.length / 3;
    return ['q', 'k', 'v'].map((part, i) => {
      const rows = { dtype, shape: [shape[0] / 3, shape[1]] };
      const own = numbers.slice(i * size, (i + 1) * size);
      return [plain.replace('qkv', `to_${part}`), { ...rows, data: own }] as const;
    });
  });
  return Object.fromEntries(renamed);
}

beforeAll(async () => {
  for (const kind of kinds) {
    const tensors = seededTensors(first.weights[kind]);
    if (kind === 'broken')
      for (const i of [0, 1])
        (tensors[`control_noise_refiner.${i}.after_proj.weight`].data as Float32Array).fill(0);
    await writeSafetensors(pathOf(kind), kind === 'lite' ? tensors : apart(tensors));
  }
});
afterAll(async () => {
  await runtime.close();
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

/** The mean colours of 8 x 8 pixels, spread over 16 channels. */
const vae = {
  factor: 8,
  latentChannels: 16,
  async encode(pixels: Tensor): Promise<Tensor> {
    const { shape, data } = toNCHW(pixels);
    const [n, , h, w] = shape;
    const [rows, columns] = [h / 8, w / 8];
    const out = new Float32Array(n * 16 * rows * columns);
    for (let i = 0; i < out.length; i++) {
      const [x, y] = [i % columns, Math.floor(i / columns) % rows];
      const channel = Math.floor(i / (columns * rows)) % 16;
      const plane = Math.floor(i / (columns * rows * 16)) * 3 + (channel % 3);
      let sum = 0;
      for (let j = 0; j < 64; j++)
        sum += data[(plane * h + 8 * y + Math.floor(j / 8)) * w + 8 * x + (j % 8)];
      out[i] = ((sum / 64) * (channel + 1)) / 4 - 0.5;
    }
    return tensor([n, 16, rows, columns], out);
  },
} as unknown as Autoencoder;

async function zImage(): Promise<Model> {
  const file = fixtureModel('tiny_z_image');
  const { tensors, close } = await openSafetensors(file);
  await close();
  return { denoiser: createNextDit(runtime, weightsOf(file, tensors, '')) } as Model;
}

const load = async (kind: string): Promise<ModelPatch> =>
  (await runNode<[ModelPatch]>('ModelPatchLoader', { name: `${kind}.safetensors` }, context))[0];

it.each(g.cases)('golden dit/z_image_control $id', async ({ id, params, inputs, outputs }) => {
  let model = await zImage();
  const given = Object.fromEntries(
    Object.entries<string>(params.given).map(([name, key]) => [name, g.float(`given ${key}`)]),
  );
  for (const [i, kind] of params.kinds.entries()) {
    const all = { model, vae, model_patch: await load(kind), strength: params.strengths[i] };
    [model] = await runNode<[Model]>(params.node, { ...all, ...given }, context);
  }
  const x = g.float(inputs.x);
  const v = await model.denoiser.evaluate({
    x,
    timesteps: Float32Array.of(0.7, 0.7),
    context: repeatToBatch(g.float(inputs.context), x.shape[0]),
  });
  expectGolden(g, id, outputs.v, v);
});

it('is recognised, and refused on other models and without pictures', async () => {
  expect(await identifyModel(pathOf('second'))).toMatchObject({
    kind: 'model patch',
    architecture: 'ControlNet, Z-Image',
  });
  const inputs = { vae, model_patch: await load('first'), strength: 1 };
  const image = g.float('given image');
  const apply = (model: unknown, more: object) => () =>
    runNode('ZImageFunControlnet', { ...inputs, model, ...more }, context);
  await expect(apply({ denoiser: {} }, { image })).rejects.toMatchObject({ input: 'model' });
  await expect(apply(await zImage(), {})).rejects.toMatchObject({ input: 'image' });
});
