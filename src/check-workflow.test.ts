// check against run: files of wrong kinds, of other families and broken ones in every folder of
// models. Both must say the same. Models are small and random.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensorsOf, writeRenamed } from '../test/support/files/rewrite.ts';
import { fixtureModel } from '../test/support/golden.ts';
import { openDarkroom } from './darkroom.ts';
import { DarkroomError } from './errors.ts';
import { writeSafetensors } from './formats/safetensors/safetensors-write.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-check-'));
const models = join(root, 'models');
const at = (name: string): string => {
  const file = join(models, name);
  mkdirSync(dirname(file), { recursive: true });
  return file;
};
const put = (name: string, fixture: string): void => copyFileSync(fixtureModel(fixture), at(name));
const tensors = (name: string, shapes: Readonly<Record<string, readonly number[]>>) =>
  writeSafetensors(
    at(name),
    Object.fromEntries(
      Object.entries(shapes).map(([key, shape]) => [
        key,
        { dtype: 'F32' as const, shape, data: new Float32Array(shape.reduce((n, d) => n * d, 1)) },
      ]),
    ),
  );
/** The folders with one wrong file each, `wrong.safetensors`, and what the file is. */
const WRONG = {
  checkpoints: 'tiny_lora_sdxl',
  vae: 'tiny_lora_sdxl',
  diffusion_models: 'tiny_vae',
  text_encoders: 'tiny_vae',
  controlnet: 'tiny_vae',
  upscale_models: 'tiny_vae',
  clip_vision: 'tiny_vae',
  loras: 'tiny_vae',
  hypernetworks: 'tiny_vae',
  ultralytics: 'tiny_vae',
  sams: 'tiny_vae',
};

let darkroom: Awaited<ReturnType<typeof openDarkroom>>;
beforeAll(async () => {
  put('checkpoints/xl.safetensors', 'tiny_sdxl_base');
  await writeRenamed(
    at('checkpoints/unet.safetensors'),
    await tensorsOf(fixtureModel('tiny_sdxl_base')),
    (name) => (name.startsWith('model.diffusion_model.') ? name : undefined),
  );
  for (const [folder, fixture] of Object.entries(WRONG))
    put(`${folder}/wrong.safetensors`, fixture);
  put('ultralytics/bbox/wrong.pt', 'tiny_vae');
  const whole = readFileSync(fixtureModel('tiny_sdxl_base'));
  writeFileSync(at('checkpoints/cut.safetensors'), whole.subarray(0, whole.length - 1000));
  writeFileSync(at('onnx/wrong.onnx'), '<!DOCTYPE html><html></html>');
  writeFileSync(at('embeddings/page.safetensors'), '<!DOCTYPE html><html></html>');
  put('checkpoints/sd1.safetensors', 'tiny_sd1');
  put('checkpoints/flux1.safetensors', 'tiny_flux_dev');
  put('diffusion_models/klein.safetensors', 'tiny_flux2_klein');
  put('text_encoders/qwen3.safetensors', 'tiny_qwen3_4b');
  put('loras/sd1.safetensors', 'tiny_lora_sd1');
  put('embeddings/ti.safetensors', 'tinyti');
  await tensors('diffusion_models/hunyuan-dit.safetensors', {
    'mlp_t5.0.weight': [4, 4],
  });
  await tensors('text_encoders/t5.safetensors', {
    'encoder.block.23.layer.1.DenseReluDense.wi_1.weight': [4, 4],
  });
  darkroom = await openDarkroom({ models, output: join(root, 'output'), temp: join(root, 'temp') });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

const link = (id: number, slot = 0): [string, number] => [String(id), slot];
const text = (id: number, words: string) => ({
  class_type: 'CLIPTextEncode',
  inputs: { text: words, clip: link(id, 1) },
});
const XL = { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'xl.safetensors' } };
const loader = (class_type: string, inputs: Record<string, unknown>) => ({
  1: { class_type, inputs },
  9: { class_type: 'PreviewAny', inputs: { source: link(1) } },
});
/** A prompt behind a switch: its own text, or that of a language model in `clip`. */
const enhanced = (clip: [string, number], isOn: boolean) => ({
  8: XL,
  2: { class_type: 'PrimitiveString', inputs: { value: 'a fox' } },
  1: {
    class_type: 'TextGenerate',
    inputs: { clip, prompt: link(2), max_length: 512, sampling_mode: 'off' },
  },
  3: {
    class_type: 'StringConcatenate',
    inputs: { string_a: link(1), string_b: '', delimiter: '' },
  },
  4: { class_type: 'PrimitiveBoolean', inputs: { value: isOn } },
  5: {
    class_type: 'ComfySwitchNode',
    inputs: { switch: link(4), on_false: link(2), on_true: link(3) },
  },
  6: { class_type: 'CLIPTextEncode', inputs: { text: link(5), clip: link(8, 1) } },
  9: { class_type: 'PreviewAny', inputs: { source: link(6) } },
});
const onXl = (class_type: string, inputs: Record<string, unknown>) => ({
  8: XL,
  ...loader(class_type, inputs),
});

/** Workflows whose first error is in a model file. */
const BROKEN: Readonly<Record<string, Record<string, unknown>>> = {
  'a LoRA as checkpoint': loader('CheckpointLoaderSimple', { ckpt_name: 'wrong.safetensors' }),
  'a truncated checkpoint': loader('CheckpointLoaderSimple', { ckpt_name: 'cut.safetensors' }),
  'a Hunyuan-DiT model': loader('UNETLoader', {
    unet_name: 'hunyuan-dit.safetensors',
    weight_dtype: 'default',
  }),
  'a VAE as UNet': loader('UNETLoader', {
    unet_name: 'wrong.safetensors',
    weight_dtype: 'default',
  }),
  'a T5': loader('CLIPLoader', { clip_name: 't5.safetensors', type: 'stable_diffusion' }),
  'a T5 beside a CLIP-L': loader('DualCLIPLoader', {
    clip_name1: 't5.safetensors',
    clip_name2: 'wrong.safetensors',
    type: 'flux',
  }),
  'a LoRA as VAE': loader('VAELoader', { vae_name: 'wrong.safetensors' }),
  'a VAE as ControlNet': loader('ControlNetLoader', { control_net_name: 'wrong.safetensors' }),
  'a VAE as upscale model': loader('UpscaleModelLoader', { model_name: 'wrong.safetensors' }),
  'a VAE as CLIP vision model': loader('CLIPVisionLoader', { clip_name: 'wrong.safetensors' }),
  'a VAE as hypernetwork': onXl('HypernetworkLoader', {
    model: link(8),
    hypernetwork_name: 'wrong.safetensors',
    strength: 1,
  }),
  'a VAE as detector': loader('UltralyticsDetectorProvider', { model_name: 'bbox/wrong.pt' }),
  'a page as ONNX detector': loader('ONNXDetectorProvider', { model_name: 'wrong.onnx' }),
  'a VAE as SAM model': loader('SAMLoader', {
    model_name: 'wrong.safetensors',
    device_mode: 'AUTO',
  }),
  'a UNet without text encoders': {
    8: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'unet.safetensors' } },
    1: text(8, 'a fox'),
    9: { class_type: 'PreviewAny', inputs: { source: link(1) } },
  },
  'FLUX.1 without text encoders': {
    8: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'flux1.safetensors' } },
    1: text(8, 'a fox'),
    9: { class_type: 'PreviewAny', inputs: { source: link(1) } },
  },
  'prompts of the text encoders of another model': {
    8: XL,
    2: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'flux1.safetensors' } },
    3: text(8, 'a fox'),
    4: { class_type: 'FluxGuidance', inputs: { conditioning: link(3), guidance: 3.5 } },
    5: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    1: {
      class_type: 'KSampler',
      inputs: {
        model: link(2),
        positive: link(4),
        negative: link(3),
        latent_image: link(5),
        seed: 1,
        steps: 1,
        cfg: 1,
        sampler_name: 'euler',
        scheduler: 'simple',
        denoise: 1,
      },
    },
    9: { class_type: 'PreviewAny', inputs: { source: link(1) } },
  },
  'a text of a language model': enhanced(link(8, 1), true),
  'a UNet without a VAE': {
    8: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'unet.safetensors' } },
    2: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    1: { class_type: 'VAEDecode', inputs: { samples: link(2), vae: link(8, 2) } },
    9: { class_type: 'PreviewAny', inputs: { source: link(1) } },
  },
};

/** Workflows that run with a warning about a model file. */
const INCOMPLETE: Readonly<Record<string, Record<string, unknown>>> = {
  'a page as embedding': {
    8: XL,
    1: text(8, 'embedding:page a fox'),
    9: { class_type: 'PreviewAny', inputs: { source: link(1) } },
  },
  'an embedding of another width': {
    8: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sd1.safetensors' } },
    1: text(8, 'embedding:ti a fox'),
    9: { class_type: 'PreviewAny', inputs: { source: link(1) } },
  },
  'a VAE as LoRA': onXl('LoraLoaderModelOnly', {
    model: link(8),
    lora_name: 'wrong.safetensors',
    strength_model: 1,
  }),
  'a LoRA of another family': onXl('LoraLoaderModelOnly', {
    model: link(8),
    lora_name: 'sd1.safetensors',
    strength_model: 1,
  }),
};

describe('check says what run says', () => {
  it.each(Object.entries(BROKEN))('%s', async (_, workflow) => {
    const { runnable, errors } = await darkroom.check(workflow);
    const thrown = await darkroom.run(workflow).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(DarkroomError);
    const { code, message, hint, nodeId, nodeType } = thrown as DarkroomError;
    expect(errors.map((error) => error.toJSON())).toEqual([
      expect.objectContaining({ code, message, hint, nodeId, nodeType }),
    ]);
    expect(runnable).toBe(false);
  });

  it.each(Object.entries(INCOMPLETE))('%s', async (_, workflow) => {
    const { runnable, errors, notes } = await darkroom.check(workflow);
    const warnings: string[] = [];
    await darkroom.run(workflow, {
      onEvent: (event) => event.type === 'warning' && warnings.push(event.message),
    });
    expect(warnings).not.toEqual([]);
    expect({ runnable, errors, notes }).toEqual({ runnable: true, errors: [], notes: warnings });
  });
});

it('a broken file of an output that is left out does not keep the others from running', async () => {
  const workflow = {
    ...{ 1: XL, 2: { class_type: 'PreviewAny', inputs: { source: link(1) } } },
    3: {
      class_type: 'UNETLoader',
      inputs: { unet_name: 'hunyuan-dit.safetensors', weight_dtype: 'x' },
    },
    4: { class_type: 'VAELoader', inputs: { vae_name: 'wrong.safetensors' } },
    5: { class_type: 'VAEDecode', inputs: { samples: link(3), vae: link(4) } },
    6: { class_type: 'PreviewImage', inputs: { images: link(5) } },
  };
  const { runnable, leftOut, errors } = await darkroom.check(workflow);
  expect({ runnable, leftOut }).toEqual({ runnable: true, leftOut: ['6'] });
  expect(errors.map(({ nodeId }) => nodeId).sort()).toEqual(['3', '4', '5']);
  expect((await darkroom.check(workflow, { strict: true })).runnable).toBe(false);
});

it('what a switch leaves out is neither opened nor run', async () => {
  const t5 = BROKEN['a T5'][1];
  const workflow = { ...enhanced(link(7), false), 7: t5 };
  expect(await darkroom.check(workflow)).toMatchObject({ runnable: true, errors: [] });
  expect((await darkroom.run(workflow)).outputs['9']['text']).toBeDefined();
  const { errors } = await darkroom.check({ ...enhanced(link(7), true), 7: t5 });
  expect(errors.map(({ nodeType }) => nodeType)).toEqual(['CLIPLoader', 'TextGenerate']);
});

it('a text of a language model names the switch that turns it off', async () => {
  const { errors } = await darkroom.check(enhanced(link(8, 1), true));
  expect(errors.map(({ message, hint }) => ({ message, hint }))).toEqual([
    {
      message: 'TextGenerate writes a text with a language model, which is not supported',
      hint: 'Turn it off (--set "4.value=false"), and write the text yourself.',
    },
  ]);
});

it('the text encoder of FLUX.2 loaded for another model is named, and the right one is not', async () => {
  const workflow = (type: string) => ({
    1: {
      class_type: 'UNETLoader',
      inputs: { unet_name: 'klein.safetensors', weight_dtype: 'default' },
    },
    2: { class_type: 'CLIPLoader', inputs: { clip_name: 'qwen3.safetensors', type } },
    3: { class_type: 'CLIPTextEncode', inputs: { clip: link(2), text: 'a red fox' } },
    4: { class_type: 'EmptyFlux2LatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    5: {
      class_type: 'KSampler',
      inputs: {
        ...{ seed: 0, steps: 4, cfg: 1, sampler_name: 'euler', scheduler: 'simple', denoise: 1 },
        ...{ model: link(1), positive: link(3), negative: link(3), latent_image: link(4) },
      },
    },
    6: { class_type: 'SaveLatent', inputs: { samples: link(5), filename_prefix: 'x' } },
  });
  expect(await darkroom.check(workflow('flux2'))).toMatchObject({ runnable: true, errors: [] });
  const { errors } = await darkroom.check(workflow('lumina2'));
  expect(errors).toMatchObject([
    {
      nodeId: '5',
      message: expect.stringContaining('32 features per token, but the model (FLUX.2) expects 96'),
    },
  ]);
});

it('files are checked beside unknown node types; loaders that nothing uses are not', async () => {
  const hunyuan = BROKEN['a Hunyuan-DiT model'][1];
  const { errors } = await darkroom.check({
    1: hunyuan,
    2: { class_type: 'Unknown', inputs: { model: link(1) } },
  });
  expect(errors.map(({ nodeType }) => nodeType)).toEqual(['Unknown', 'UNETLoader']);
  const unused = {
    1: hunyuan,
    8: XL,
    9: { class_type: 'PreviewAny', inputs: { source: link(8) } },
  };
  expect(await darkroom.check(unused)).toMatchObject({ runnable: true, errors: [] });
});
