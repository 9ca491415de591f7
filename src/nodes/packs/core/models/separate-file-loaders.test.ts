// Loaders of separate files: the same results as from whole checkpoints, and errors about missing
// parts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  noise,
  type TensorsToWrite,
  tensorsOf,
  writeRenamed,
} from '../../../../../test/support/files/rewrite.ts';
import { fixtureModel } from '../../../../../test/support/golden.ts';
import { type Models, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { DarkroomError } from '../../../../errors.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-model-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const UNET = 'model.diffusion_model.';
const CLIP_L = 'conditioner.embedders.0.transformer.';
const CLIP_G = 'conditioner.embedders.1.model.';
const start = (prefix: string) => (name: string) =>
  name.startsWith(prefix) ? name.slice(prefix.length) : undefined;

let models: Models;

beforeAll(async () => {
  const base = await tensorsOf(fixtureModel('tiny_sdxl_base'));
  const write = (
    name: string,
    rename: (tensor: string) => string | undefined,
    tensors: TensorsToWrite = base,
  ) => writeRenamed(join(folder, `${name}.safetensors`), tensors, rename);
  // CLIP-G is identified by its number of layers: the fixture has 3, so add layers up to 31
  const deep: TensorsToWrite = { ...base };
  for (let i = 3; i < 31; i++)
    for (const [name, tensor] of Object.entries(base))
      if (name.startsWith(`${CLIP_G}transformer.resblocks.2.`)) {
        const count = tensor.shape.reduce((n, d) => n * d, 1);
        const data = noise(count, i, 0.1);
        deep[name.replace('resblocks.2.', `resblocks.${i}.`)] = { ...tensor, data };
      }
  mkdirSync(join(folder, 'pipe', 'unet'), { recursive: true });
  mkdirSync(join(folder, 'pipe', 'vae'));
  mkdirSync(join(folder, 'pipe', 'text_encoder'));
  mkdirSync(join(folder, 'pipe', 'text_encoder_2'));
  const l = await write('l', start(CLIP_L));
  const g = await write('g', start(CLIP_G), deep);
  const part = (name: string) => join(folder, 'pipe', `${name}.safetensors`);
  const index = join(folder, 'pipe', 'model_index.json');
  writeFileSync(index, '{}');
  const config = join(folder, 'own.yaml');
  writeFileSync(
    config,
    [
      'model:',
      '  params:',
      '    parameterization: "v"',
      '    cond_stage_config:',
      '      params:',
      '        layer_idx: -2\n',
    ].join('\n'),
  );
  models = {
    checkpoints: {
      'base.safetensors': fixtureModel('tiny_sdxl_base'),
      'deep.safetensors': await write('deep', (name) => name, deep),
      'sd1.safetensors': fixtureModel('tiny_sd1'),
      'bare.safetensors': await write('bare', (name) => (name.startsWith(UNET) ? name : undefined)),
      'lora.safetensors': fixtureModel('tiny_lora_sdxl'),
    },
    diffusion_models: {
      'unet.safetensors': await write('unet', start(UNET)),
      'vae.safetensors': fixtureModel('tiny_vae'),
    },
    text_encoders: { 'l.safetensors': l, 'g.safetensors': g },
    configs: { 'own.yaml': config },
    diffusers: {
      'pipe/model_index.json': index,
      'pipe/unet/diffusion_pytorch_model.safetensors': await writeRenamed(
        part('unet/diffusion_pytorch_model'),
        base,
        start(UNET),
      ),
      'pipe/vae/diffusion_pytorch_model.safetensors': await writeRenamed(
        part('vae/diffusion_pytorch_model'),
        base,
        start('first_stage_model.'),
      ),
      'pipe/text_encoder/model.safetensors': l,
      'pipe/text_encoder_2/model.safetensors': g,
    },
  };
});

const context = () => {
  const base = testContext(models);
  const modelPath = (kind: string, name: string): string => {
    const path = models[kind]?.[name];
    if (path) return path;
    throw Object.assign(new DarkroomError('DR_MODEL_MISSING', { message: `no ${name}` }));
  };
  return { ...base, modelPath };
};

const PROMPT = 'a (red:1.2) fox';

/** Model and CLIP of the whole checkpoint that the separate files were written from. */
const loadWhole = (c: ReturnType<typeof context>) =>
  runNode<[Model, Clip]>('CheckpointLoaderSimple', { ckpt_name: 'deep.safetensors' }, c);

describe('loaders of separate files', () => {
  it('DualCLIPLoader encodes as the CLIP of the checkpoint, in any order of files', async () => {
    const c = context();
    const [, clip] = await loadWhole(c);
    const expected = await clip.encode(PROMPT);
    for (const names of [
      { clip_name1: 'l.safetensors', clip_name2: 'g.safetensors' },
      { clip_name1: 'g.safetensors', clip_name2: 'l.safetensors' },
    ]) {
      const [dual] = await runNode<[Clip]>('DualCLIPLoader', { ...names, type: 'sdxl' }, c);
      const actual = await dual.encode(PROMPT);
      expect(actual.cond.data).toEqual(expected.cond.data);
      expect(actual.pooled!.data).toEqual(expected.pooled!.data);
    }
    await c.runtime.close();
  });

  it('UNETLoader loads a file once per rounding of its weights', async () => {
    const c = context();
    const [whole] = await loadWhole(c);
    const [model] = await runNode<[Model]>(
      'UNETLoader',
      { unet_name: 'unet.safetensors', weight_dtype: 'default' },
      c,
    );
    expect(model).toMatchObject({ family: 'sdxl', latentFormat: whole.latentFormat });
    const [again] = await runNode<[Model]>(
      'UNETLoader',
      { unet_name: 'unet.safetensors', weight_dtype: 'default' },
      c,
    );
    expect(again.denoiser).toBe(model.denoiser);
    const [rounded] = await runNode<[Model]>(
      'UNETLoader',
      { unet_name: 'unet.safetensors', weight_dtype: 'fp8_e5m2' },
      c,
    );
    expect(rounded.denoiser).not.toBe(model.denoiser);
    await c.runtime.close();
  });

  it('DiffusersLoader loads the parts of a folder', async () => {
    const c = context();
    const [, clip] = await loadWhole(c);
    const [pipe, pipeClip, pipeVae] = await runNode<[Model, Clip, Autoencoder]>(
      'DiffusersLoader',
      { model_path: 'pipe' },
      c,
    );
    expect(pipe.family).toBe('sdxl');
    expect(pipeVae.kind).toBe('kl');
    expect((await pipeClip.encode(PROMPT)).cond.data).toEqual(
      (await clip.encode(PROMPT)).cond.data,
    );
    await c.runtime.close();
  });

  it('CLIPLoader identifies the family by the depth of the encoder', async () => {
    const c = context();
    const [l] = await runNode<[Clip]>(
      'CLIPLoader',
      { clip_name: 'l.safetensors', type: 'stable_diffusion' },
      c,
    );
    const [g] = await runNode<[Clip]>('CLIPLoader', { clip_name: 'g.safetensors', type: 'wan' }, c);
    expect(l.family).toBe('sd1');
    expect(g.family).toBe('sdxl-refiner');
  });

  it('CLIPLoader and DualCLIPLoader refuse unsupported types and wrong encoders', async () => {
    const c = context();
    await expect(
      runNode('CLIPLoader', { clip_name: 'g.safetensors', type: 'stable_cascade' }, c),
    ).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      hint: "For SD1.x, SD2.x and SDXL select the type 'stable_diffusion', for SD3 'sd3'.",
      input: 'type',
    });
    await expect(
      runNode(
        'DualCLIPLoader',
        { clip_name1: 'l.safetensors', clip_name2: 'l.safetensors', type: 'sdxl' },
        c,
      ),
    ).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: expect.stringContaining('l.safetensors is clip_l'),
    });
    await expect(
      runNode(
        'DualCLIPLoader',
        { clip_name1: 'l.safetensors', clip_name2: 'g.safetensors', type: 'hunyuan_video' },
        c,
      ),
    ).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      hint: 'Select the type of your model: sdxl, sd3, flux, hidream.',
    });
  });

  it('CheckpointLoader reads prediction and last layer from the configuration', async () => {
    const c = context();
    const load = async (config_name: string) =>
      await runNode<[Model, Clip]>(
        'CheckpointLoader',
        { config_name, ckpt_name: 'sd1.safetensors' },
        c,
      );
    const [plain, clip] = await load('v1-inference.yaml');
    expect(plain.sampling.prediction).toBe('eps');
    const [v, skipped] = await load('own.yaml');
    expect(v.sampling.prediction).toBe('v');
    expect((await skipped.encode(PROMPT)).cond.data).toEqual(
      (await clip.withLastLayer(-2).encode(PROMPT)).cond.data,
    );
    const [, builtIn] = await load('anything_v3.yaml');
    expect((await builtIn.encode(PROMPT)).cond.data).toEqual(
      (await skipped.encode(PROMPT)).cond.data,
    );
    await c.runtime.close();
  });

  it('a missing part names the loader to add, but only when it is used', async () => {
    const c = context();
    const [, clip, vae] = await runNode<[Model, Clip, Autoencoder]>(
      'CheckpointLoaderSimple',
      { ckpt_name: 'bare.safetensors' },
      c,
    );
    expect(() => clip.encode('x')).toThrow(
      expect.objectContaining({
        code: 'DR_MODEL_PART_MISSING',
        hint: expect.stringContaining('DualCLIPLoader'),
      }),
    );
    expect(() => vae.decode({ shape: [1, 4, 8, 8], data: new Float32Array(256) })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('VAELoader') }),
    );
  });

  it('a file of another kind is refused with its kind and folder', async () => {
    const c = context();
    await expect(
      runNode('CheckpointLoaderSimple', { ckpt_name: 'lora.safetensors' }, c),
    ).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: 'tiny_lora_sdxl.safetensors is not a checkpoint but a LoRA',
      hint: expect.stringContaining('loras'),
    });
    await expect(
      runNode('UNETLoader', { unet_name: 'vae.safetensors', weight_dtype: 'default' }, c),
    ).rejects.toMatchObject({
      message: 'tiny_vae.safetensors is not a diffusion model but a VAE',
    });
  });
});
