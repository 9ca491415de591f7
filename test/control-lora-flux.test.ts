// A whole workflow with a control LoRA of FLUX.1: its image enters as channels of the model's input.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Darkroom, openDarkroom } from '../src/darkroom.ts';
import { writeSafetensors } from '../src/formats/safetensors/safetensors-write.ts';
import { seededTensors } from './support/files/rewrite.ts';
import { fixtureModel, golden } from './support/golden.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-control-'));
let darkroom: Darkroom;

beforeAll(async () => {
  const folder = (name: string): string => {
    const path = join(root, 'models', name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  for (const [name, file] of [
    ['diffusion_models', 'tiny_flux_dev'],
    ['text_encoders', 'tiny_clip_l'],
    ['text_encoders', 'tiny_t5xxl'],
    ['vae', 'tiny_ae'],
  ])
    symlinkSync(fixtureModel(file), join(folder(name), `${file}.safetensors`));
  const { files } = golden('lora', 'converted').cases[0].params;
  await writeSafetensors(
    join(folder('loras'), 'control.safetensors'),
    seededTensors(files.control),
  );
  mkdirSync(join(root, 'input'));
  const photo = join(import.meta.dirname, 'golden', 'graphs_flow', 'input', 'photo_alpha.png');
  copyFileSync(photo, join(root, 'input', 'a.png'));
  await sharp(photo)
    .flip()
    .removeAlpha()
    .toFile(join(root, 'input', 'b.png'));
  darkroom = await openDarkroom({
    models: join(root, 'models'),
    input: join(root, 'input'),
    output: join(root, 'output'),
  });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

const node = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs });

const prompt = (image: string, strength_model: number) => ({
  model: node('UNETLoader', { unet_name: 'tiny_flux_dev.safetensors', weight_dtype: 'default' }),
  lora: node('LoraLoaderModelOnly', {
    model: ['model', 0],
    lora_name: 'control.safetensors',
    strength_model,
  }),
  clip: node('DualCLIPLoader', {
    clip_name1: 'tiny_clip_l.safetensors',
    clip_name2: 'tiny_t5xxl.safetensors',
    type: 'flux',
  }),
  vae: node('VAELoader', { vae_name: 'tiny_ae.safetensors' }),
  image: node('LoadImage', { image }),
  text: node('CLIPTextEncode', { clip: ['clip', 0], text: 'a red fox' }),
  control: node('InstructPixToPixConditioning', {
    positive: ['text', 0],
    negative: ['text', 0],
    vae: ['vae', 0],
    pixels: ['image', 0],
  }),
  sampler: node('KSampler', {
    model: ['lora', 0],
    seed: 1,
    steps: 2,
    cfg: 1,
    sampler_name: 'euler',
    scheduler: 'simple',
    positive: ['control', 0],
    negative: ['control', 1],
    latent_image: ['control', 2],
    denoise: 1,
  }),
  decode: node('VAEDecode', { samples: ['sampler', 0], vae: ['vae', 0] }),
  save: node('SaveImage', { images: ['decode', 0], filename_prefix: 'ComfyUI' }),
});

const pixels = async (image: string, strength: number): Promise<Buffer> => {
  const { images } = await darkroom.run(prompt(image, strength));
  return sharp(images[0].toBuffer()).raw().toBuffer();
};

it('depends on the image and on the strength', async () => {
  const first = await pixels('a.png', 0.8);
  expect(await pixels('b.png', 0.8)).not.toEqual(first);
  expect(await pixels('a.png', 0.5)).not.toEqual(first);
  expect(await pixels('a.png', 0.8)).toEqual(first);
});
