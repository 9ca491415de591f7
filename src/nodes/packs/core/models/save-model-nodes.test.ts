// Saved models read back: the tensors of the original layout byte for byte, with changes merged.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  noise,
  type TensorsToWrite,
  tensorsOf,
} from '../../../../../test/support/files/rewrite.ts';
import { fixtureModel, maxDifference } from '../../../../../test/support/golden.ts';
import {
  fixtureFolders,
  type Models,
  runNode,
  testContext,
} from '../../../../../test/support/run-node.ts';
import { openSafetensors } from '../../../../formats/safetensors/safetensors.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import type { Denoiser } from '../../../../models/denoiser.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { full, type Tensor, tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-save-'));
const runtime = createRuntime({ threads: 2 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

const folders = fixtureFolders({
  checkpoints: ['tiny_sdxl_base', 'tiny_sdxl_refiner', 'tiny_sd1'],
  vae: ['tiny_vae'],
  loras: ['tiny_lora_sd1'],
});
const context = (models: Models = folders) => ({ ...testContext(models), runtime });

/** The files that a saving node wrote. */
async function saved(type: string, inputs: Record<string, unknown>): Promise<string[]> {
  const c = context();
  const result = await NODES.get(type)!.run(inputs as never, c);
  expect(c.steps.at(-1)![0]).toBe(c.steps.at(-1)![1]);
  return result.ui!.models.map((file) => (file as { path: string }).path);
}

const load = (ckpt_name: string, models?: Models) =>
  runNode<[Model, Clip, Autoencoder]>('CheckpointLoaderSimple', { ckpt_name }, context(models));

describe('CheckpointSave', () => {
  it.each(['tiny_sdxl_base', 'tiny_sdxl_refiner', 'tiny_sd1'])(
    'saves %s without changes',
    async (name) => {
      const [model, clip, vae] = await load(`${name}.safetensors`);
      const [file] = await saved('CheckpointSave', {
        model,
        clip,
        vae,
        filename_prefix: 'checkpoints/x',
      });
      const [written, original] = [await tensorsOf(file), await tensorsOf(fixtureModel(name))];
      const expectedNames = Object.keys(original).filter(
        (tensor) => !/position_ids|logit_scale/.test(tensor),
      );
      expect(Object.keys(written).sort()).toEqual(expectedNames.sort());
      for (const tensor of expectedNames) {
        const { dtype, shape, data } = written[tensor];
        // text encoders are saved in float16
        const clipTensor = /^cond/.test(tensor);
        expect({ dtype, shape }, tensor).toEqual({
          dtype: clipTensor ? 'F16' : original[tensor].dtype,
          shape: original[tensor].shape,
        });
        if (!clipTensor || original[tensor].dtype === 'F16')
          expect(Buffer.compare(data as Uint8Array, original[tensor].data as Uint8Array)).toBe(0);
      }
      const opened = await openSafetensors(file);
      await opened.close();
      expect(opened.metadata).toMatchObject({ prompt: '{}', 'modelspec.predict_key': 'epsilon' });
      expect(opened.metadata['modelspec.architecture']).toBe(
        {
          tiny_sdxl_base: 'stable-diffusion-xl-v1-base',
          tiny_sdxl_refiner: 'stable-diffusion-xl-v1-refiner',
        }[name],
      );
    },
  );

  it('saves LoRAs and merges in the weights, and marks what the model predicts', async () => {
    const [plain, plainClip, vae] = await load('tiny_sd1.safetensors');
    const lora = {
      lora_name: 'tiny_lora_sd1.safetensors',
      strength_model: 0.7,
      strength_clip: -0.5,
    };
    const [changed, changedClip] = await runNode<[Model, Clip]>(
      'LoraLoader',
      { model: plain, clip: plainClip, ...lora },
      context(),
    );
    const [merged] = await runNode<[Model]>(
      'ModelMergeSimple',
      { model1: plain, model2: changed, ratio: 0.25 },
      context(),
    );
    const [model] = await runNode<[Model]>('ModelSamplingDiscrete', {
      model: merged,
      sampling: 'v_prediction',
      zsnr: true,
    });
    const [clip] = await runNode<[Clip]>(
      'CLIPMergeSimple',
      { clip1: changedClip, clip2: plainClip, ratio: 0.5 },
      context(),
    );
    const [file] = await saved('CheckpointSave', { model, clip, vae, filename_prefix: 'x' });
    const [again, clipAgain, vaeAgain] = await load('x', { checkpoints: { x: file } });
    expect(
      maxDifference(await evaluate(again.denoiser), await evaluate(model.denoiser)),
    ).toBeLessThan(1e-5);
    expect(
      maxDifference(await evaluate(again.denoiser), await evaluate(plain.denoiser)),
    ).toBeGreaterThan(1e-3);
    const text = 'a (red:1.2) fox';
    expect(
      maxDifference((await clipAgain.encode(text)).cond, (await clip.encode(text)).cond),
    ).toBeLessThan(1e-5);
    expect(
      maxDifference((await clipAgain.encode(text)).cond, (await plainClip.encode(text)).cond),
    ).toBeGreaterThan(1e-4);
    const latents = tensor([1, 4, 4, 4], noise(64, 3));
    expect((await vaeAgain.decode(latents)).data).toEqual((await vae.decode(latents)).data);
    const marked = await tensorsOf(file);
    expect(marked.v_pred.shape).toEqual([0]);
    expect(marked.ztsnr.shape).toEqual([0]);
  });

  it('names the input without a part to save', async () => {
    const [model, clip, vae] = await load('tiny_sd1.safetensors');
    const all = { model, clip, vae, filename_prefix: 'x' };
    const noEncoders = { ...all, clip: { ...clip, encoders: [] } };
    await expect(saved('CheckpointSave', noEncoders)).rejects.toMatchObject({
      code: 'DR_MODEL_PART_MISSING',
      input: 'clip',
    });
    const noVaeWeights = { ...all, vae: { ...vae, weights: undefined } };
    await expect(saved('CheckpointSave', noVaeWeights)).rejects.toMatchObject({
      code: 'DR_MODEL_PART_MISSING',
      input: 'vae',
    });
  });
});

it('ModelSave, CLIPSave and VAESave write files for the loaders of separate files', async () => {
  const [model, clip, vae] = await load('tiny_sd1.safetensors');
  const [unetFile] = await saved('ModelSave', { model, filename_prefix: 'm' });
  const [loaded] = await runNode<[Model]>(
    'UNETLoader',
    { unet_name: 'm', weight_dtype: 'default' },
    context({ diffusion_models: { m: unetFile } }),
  );
  expect((await evaluate(loaded.denoiser)).data).toEqual((await evaluate(model.denoiser)).data);
  const [clipFile] = await saved('CLIPSave', { clip, filename_prefix: 'c' });
  expect(clipFile).toContain('c_clip_l_');
  const [clipAgain] = await runNode<[Clip]>(
    'CLIPLoader',
    { clip_name: 'c', type: 'stable_diffusion' },
    context({ text_encoders: { c: clipFile } }),
  );
  expect((await clipAgain.encode('fox')).cond.data).toEqual((await clip.encode('fox')).cond.data);
  const [vaeFile] = await saved('VAESave', { vae, filename_prefix: 'v' });
  const [vaeAgain] = await runNode<[Autoencoder]>(
    'VAELoader',
    { vae_name: 'v' },
    context({ vae: { v: vaeFile } }),
  );
  const latents = tensor([1, 4, 4, 4], noise(64, 3));
  expect((await vaeAgain.decode(latents)).data).toEqual((await vae.decode(latents)).data);
});

it('CLIPSave splits the joined projections of open_clip', async () => {
  const [, clip] = await load('tiny_sdxl_base.safetensors');
  const files = await saved('CLIPSave', { clip, filename_prefix: 'c' });
  expect(files.map((file) => /c_clip_[lg]/.exec(file)![0])).toEqual(['c_clip_l', 'c_clip_g']);
  const [own, g]: TensorsToWrite[] = [
    await tensorsOf(fixtureModel('tiny_sdxl_base')),
    await tensorsOf(files[1]),
  ];
  const bytes = (t: TensorsToWrite[string]) => Buffer.from(t.data as Uint8Array);
  const parts = ['q', 'k', 'v'].map(
    (part) => g[`text_model.encoder.layers.1.self_attn.${part}_proj.weight`],
  );
  const name = 'conditioner.embedders.1.model.transformer.resblocks.1.attn.in_proj_weight';
  if (own[name].dtype === 'F16') expect(Buffer.concat(parts.map(bytes))).toEqual(bytes(own[name]));
  for (const { shape } of parts) expect(shape).toEqual([64, 64]);
  expect(g['text_projection.weight'].shape).toEqual([64, 64]);
});

const evaluate = ({ evaluate, contextDim }: Denoiser): Promise<Tensor> =>
  evaluate({
    x: tensor([1, 4, 8, 8], noise(256, 5, 2)),
    timesteps: Float32Array.of(321),
    context: full([1, 77, contextDim], 0.1),
  });
