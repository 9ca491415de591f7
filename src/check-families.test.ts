// check and run on what goes wrong with files of FLUX.2 and Qwen-Image: both say the same in one
// sentence. Models are small and random.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ggufFile } from '../test/support/files/gguf-file.ts';
import { seededTensors } from '../test/support/files/rewrite.ts';
import { fixtureModel, golden } from '../test/support/golden.ts';
import { openDarkroom } from './darkroom.ts';
import { DarkroomError } from './errors.ts';
import { writeSafetensors } from './formats/safetensors/safetensors-write.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-families-'));
const models = join(root, 'models');
const at = (name: string): string => {
  const file = join(models, name);
  mkdirSync(dirname(file), { recursive: true });
  return file;
};

/** The families with their small models, and what an empty latent and a prompt are made by. */
const FAMILIES = {
  'FLUX.2': { model: 'tiny_flux2_klein', latent: 'EmptyFlux2LatentImage' },
  'Qwen-Image': { model: 'tiny_qwen_image', latent: 'EmptySD3LatentImage' },
} as const;
type Family = keyof typeof FAMILIES;
const NAMES = Object.keys(FAMILIES) as Family[];

let darkroom: Awaited<ReturnType<typeof openDarkroom>>;
beforeAll(async () => {
  for (const { model } of Object.values(FAMILIES))
    for (const folder of ['checkpoints', 'diffusion_models'])
      copyFileSync(fixtureModel(model), at(`${folder}/${model}.safetensors`));
  copyFileSync(fixtureModel('tiny_t5xxl'), at('text_encoders/t5.safetensors'));
  copyFileSync(fixtureModel('lora_z_image_peft'), at('loras/lora.safetensors'));
  copyFileSync(fixtureModel('tiny_controlnet_sdxl'), at('controlnet/xl.safetensors'));
  const [{ params }] = golden('control_dit', 'flux').cases;
  await writeSafetensors(at('controlnet/flux.safetensors'), seededTensors(params.nets[0].weights));
  const empty = { dtype: 'F32' as const, shape: [4], data: new Float32Array(4) };
  const square = { dtype: 'F32' as const, shape: [8, 8], data: new Float32Array(64) };
  const layer = 'diffusion_model.layers.0.attention.out';
  await writeSafetensors(at('loras/lokr.safetensors'), {
    [`${layer}.lokr_w1`]: square,
    [`${layer}.lokr_w2`]: square,
  });
  await writeSafetensors(at('diffusion_models/wan.safetensors'), { 'head.modulation': empty });
  await writeSafetensors(at('diffusion_models/m-00001-of-00002.safetensors'), { a: empty });
  const shapes = { 'double_blocks.0.img_attn.qkv.weight': [1, 32] };
  writeFileSync(
    at('diffusion_models/unknown.gguf'),
    ggufFile({ architecture: 'flux', tensors: shapes, type: 39 }),
  );
  darkroom = await openDarkroom({ models, output: join(root, 'output'), temp: join(root, 'temp') });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

const link = (id: string, slot = 0): [string, number] => [id, slot];
const show = (id: string) => ({ class_type: 'PreviewAny', inputs: { source: link(id) } });
const unet = (unet_name: string) => ({
  class_type: 'UNETLoader',
  inputs: { unet_name, weight_dtype: 'default' },
});
const modelOf = (family: Family) => unet(`${FAMILIES[family].model}.safetensors`);
const T5 = { class_type: 'CLIPLoader', inputs: { clip_name: 't5.safetensors', type: 'sd3' } };
const empty = (family: Family) => ({
  class_type: FAMILIES[family].latent,
  inputs: { width: 64, height: 64, batch_size: 1 },
});
const text = (clip: [string, number]) => ({
  class_type: 'CLIPTextEncode',
  inputs: { text: 'a fox', clip },
});
const sampler = (positive: [string, number]) => ({
  class_type: 'KSampler',
  inputs: {
    ...{ seed: 0, steps: 1, cfg: 1, sampler_name: 'euler', scheduler: 'simple', denoise: 1 },
    ...{ model: link('1'), positive, negative: positive, latent_image: link('4') },
  },
});

/** Workflows by what is wrong with them, and words of the error. */
const BROKEN: Readonly<
  Record<string, (family: Family) => readonly [Record<string, unknown>, RegExp]>
> = {
  'a checkpoint without text encoders': (family) => [
    {
      1: {
        class_type: 'CheckpointLoaderSimple',
        inputs: { ckpt_name: `${FAMILIES[family].model}.safetensors` },
      },
      2: text(link('1', 1)),
      9: show('2'),
    },
    /contains no text encoder/,
  ],
  'text encoders of another model': (family) => [
    {
      ...{ 1: modelOf(family), 2: T5, 3: text(link('2')), 4: empty(family) },
      ...{ 5: sampler(link('3')), 9: show('5') },
    },
    /features per token, but the model/,
  ],
  'a text encoder that is none of its type': (family) => [
    {
      2: {
        class_type: 'CLIPLoader',
        inputs: {
          clip_name: 't5.safetensors',
          type: family === 'FLUX.2' ? 'flux2' : 'qwen_image',
        },
      },
      9: show('2'),
    },
    /t5\.safetensors is t5xxl/,
  ],
  'a video model': () => [{ 1: unet('wan.safetensors'), 9: show('1') }, /a Wan model \(video\)/],
  'a missing part of a model': () => [
    { 1: unet('m-00001-of-00002.safetensors'), 9: show('1') },
    /m-00002-of-00002\.safetensors is missing/,
  ],
  'GGUF of an unknown quantisation': () => [
    {
      1: { class_type: 'UnetLoaderGGUF', inputs: { unet_name: 'unknown.gguf' } },
      9: show('1'),
    },
    /has weights in the quantisation/,
  ],
};

/** Workflows whose LoRA changes nothing. */
const lora = (family: Family, lora_name: string) => ({
  1: modelOf(family),
  2: {
    class_type: 'LoraLoaderModelOnly',
    inputs: { model: link('1'), lora_name, strength_model: 1 },
  },
  9: show('2'),
});

/** A ControlNet of another family on a model. */
const controlled = (family: Family, control_net_name: string) => ({
  ...{ 1: modelOf(family), 4: empty(family) },
  2: { class_type: 'ControlNetLoader', inputs: { control_net_name } },
  3: {
    class_type: 'ControlNetApplyAdvanced',
    inputs: {
      ...{ positive: link('6'), negative: link('6'), control_net: link('2'), image: link('7') },
      ...{ strength: 1, start_percent: 0, end_percent: 1 },
    },
  },
  5: sampler(link('3')),
  6: text(link('8')),
  7: { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  8: T5,
  9: show('5'),
});

describe.each(NAMES)('%s: check says what run says of', (family) => {
  it.each(Object.entries(BROKEN))('%s', async (_, make) => {
    const [workflow, words] = make(family);
    const { runnable, errors } = await darkroom.check(workflow);
    const thrown = await darkroom.run(workflow).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(DarkroomError);
    const { code, message, hint, nodeId } = thrown as DarkroomError;
    expect(message).toMatch(words);
    expect(errors.map((error) => error.toJSON())).toEqual([
      expect.objectContaining({ code, message, hint, nodeId }),
    ]);
    expect(runnable).toBe(false);
  });

  it.each(['lora', 'lokr'])('a LoRA of another family: %s', async (kind) => {
    const workflow = lora(family, `${kind}.safetensors`);
    const { runnable, notes } = await darkroom.check(workflow);
    const warnings: string[] = [];
    await darkroom.run(workflow, {
      onEvent: (event) => event.type === 'warning' && warnings.push(event.message),
    });
    expect({ runnable, notes }).toEqual({ runnable: true, notes: warnings });
    const words = new RegExp(`(and the model is|it matches no weight of the) ${family}`);
    expect(warnings).toEqual([expect.stringMatching(words)]);
  });

  it.each(['xl', 'flux'])('a ControlNet of another family: %s', async (name) => {
    const workflow = controlled(family, `${name}.safetensors`);
    const thrown = await darkroom.run(workflow).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(DarkroomError);
    const { errors } = await darkroom.check(workflow);
    expect(errors.map(({ message }) => message)).toEqual([(thrown as DarkroomError).message]);
  });
});
