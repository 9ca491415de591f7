// ControlNets of Z-Image in their published layout against the original's nodes, on a Z-Image of 30
// narrow layers (test/golden/control_dit/make_z_image.py).
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blockMeans } from '../../../test/support/block-means.ts';
import {
  noiseTensor,
  type SeededTensor,
  seededTensors,
} from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
  maxDifference,
} from '../../../test/support/golden.ts';
import { runNode } from '../../../test/support/run-node.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { repeatToBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { loadModelPatch } from '../model-patch.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { weightsOf } from '../weights/tensors.ts';
import { createNextDit } from './nextdit.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-z-image-control-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('control_dit', 'z_image');
const caseOf = (id: string): GoldenCase => g.cases.find((one) => one.id === id)!;

async function written(name: string, weights: readonly SeededTensor[]): Promise<string> {
  const file = join(folder, `${name}.safetensors`);
  await writeSafetensors(file, seededTensors(weights));
  return file;
}

async function denoiserOf(file: string, models = runtime): Promise<Denoiser> {
  const { tensors, close } = await openSafetensors(file);
  await close();
  return createNextDit(models, weightsOf(file, tensors, ''));
}

const whole = written('model', caseOf('alone').params.model);

const pictures = (count: number): Record<string, Tensor> => ({
  image: noiseTensor([count, 60, 70, 3], 4, 1, 0.5),
  inpaint_image: noiseTensor([count, 50, 64, 3], 5, 1, 0.5),
  mask: noiseTensor([1, 40, 30], 6, 1, 0.5),
});

/** The model of a case with its control networks, as the nodes make it. */
async function controlled({ id, params }: GoldenCase, denoiser: Denoiser): Promise<Denoiser> {
  let model = { denoiser } as Model;
  const given = pictures(params.images ?? 1);
  for (const [i, { weights, strength, inputs }] of params.nets.entries()) {
    const model_patch = await loadModelPatch(await written(`${id} ${i}`, weights), runtime);
    const node = id.includes('Qwen') ? 'QwenImageDiffsynthControlnet' : 'ZImageFunControlnet';
    const own = Object.fromEntries(inputs.map((name: string) => [name, given[name]]));
    const common = { model, model_patch, vae: blockMeans, strength };
    [model] = await runNode<[Model]>(node, { ...common, ...own });
  }
  return model.denoiser;
}

const inputsOf = ({ params: { size, sigma } }: GoldenCase): DenoiserInputs => ({
  x: noiseTensor(size, 1, 3),
  timesteps: new Float32Array(size[0]).fill(Math.fround(sigma)),
  context: noiseTensor([size[0], 5, 32], 2, 3),
});

describe('ControlNets of Z-Image', () => {
  it.each(g.cases)('$id', async (one) => {
    const denoiser = await controlled(one, await denoiserOf(await whole));
    expectGolden(g, one.id, one.outputs.v, await denoiser.evaluate(inputsOf(one)));
  });

  it('see one picture in all rows of a batch, and several in those of each condition', async () => {
    const denoiser = await controlled(caseOf('two images'), await denoiserOf(await whole));
    const one = inputsOf(caseOf('two images'));
    const twice = (values: Tensor): Tensor => repeatToBatch(values, 4);
    const rows = await denoiser.evaluate({
      x: twice(one.x),
      timesteps: new Float32Array(4).fill(one.timesteps[0]),
      context: twice(one.context),
    });
    expect(maxDifference(rows, twice(g.float('two images/v')))).toBeLessThan(3e-5);
  });

  it('compute nearly the same in int8', async () => {
    const int8 = createModelRuntime({
      threads: 1,
      precision: 'int8',
      int8Weights: createPrepackedStore({ folder: join(folder, 'int8') }),
    } as Parameters<typeof createModelRuntime>[0]);
    const one = caseOf('three layers');
    const denoiser = await controlled(one, await denoiserOf(await whole, int8));
    const { data } = await denoiser.evaluate(inputsOf(one));
    await int8.close();
    // of both files
    expect(readdirSync(join(folder, 'int8')).length).toBe(2);
    const exact = g.float(one.outputs.v).data;
    const norm = (values: Float32Array): number => Math.hypot(...values);
    const relative = norm(data.map((value, i) => value - exact[i])) / norm(exact);
    expect(relative).toBeGreaterThan(1e-4);
    expect(relative).toBeLessThan(0.2);
  });

  it('are not for Lumina 2, nor without a picture that they take', async () => {
    const apply = async (id: string, denoiser: Denoiser, given: Record<string, Tensor>) =>
      runNode('ZImageFunControlnet', {
        model: { denoiser } as Model,
        model_patch: await loadModelPatch(
          await written(id, caseOf(id).params.nets[0].weights),
          runtime,
        ),
        vae: blockMeans,
        strength: 1,
        ...given,
      });
    const { image, inpaint_image } = pictures(1);
    const lumina = await denoiserOf(fixtureModel('tiny_lumina2'));
    await expect(apply('three layers', lumina, { image })).rejects.toThrow(
      'the model patch is a ControlNet of Z-Image, and the model is not a Z-Image of its width',
    );
    await expect(
      apply('six layers', await denoiserOf(await whole), { inpaint_image }),
    ).rejects.toThrow('the ControlNet needs an image');
  });

  it('do not act together with reference images', async () => {
    const denoiser = await controlled(caseOf('three layers'), await denoiserOf(await whole));
    const inputs = inputsOf(caseOf('three layers'));
    const references = { latents: [noiseTensor([1, 16, 4, 4], 9)] };
    await expect(denoiser.evaluate({ ...inputs, references })).rejects.toThrow(
      'a ControlNet of Z-Image does not work with reference images',
    );
  });

  it.each([
    ['control_img_in.weight', 'a Fun ControlNet for Qwen-Image'],
    ['lllite_conditioning1.conv1.weight', 'a ControlNet-LLLite for Anima'],
  ])('are told from other model patches, with %s', async (name, kind) => {
    const file = join(folder, `${name}.safetensors`);
    await writeSafetensors(file, { [name]: { dtype: 'F32', ...tensor([1], Float32Array.of(0)) } });
    await expect(loadModelPatch(file, runtime)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining(`is not a model patch but ${kind}`),
    });
  });
});
