// Whole workflow files through the engine: the pictures that ComfyUI saved for real workflows on the fixture models.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Darkroom, openDarkroom } from '../src/engine/room.ts';
import { expectPicture, fixtureModel, type Golden, golden } from './support/golden.ts';

const WHOLE = [
  'img2img',
  'inpaint',
  'embedding',
  'sdxl_simple',
  'sdxl_refiner_prompt',
  'esrgan',
  'hiresfix_esrgan',
  'hiresfix_latent',
  'area_subject',
  'noisy_latents',
  'controlnet',
  'mixing_controlnets',
  'unsample',
  'seed_unsampler',
  'variations',
];

const files = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'workflows');
const root = mkdtempSync(join(tmpdir(), 'darkroom-workflows-'));
const input = join(root, 'input');
let room: Darkroom;

beforeAll(async () => {
  const checkpoints = join(root, 'models', 'checkpoints');
  const upscalers = join(root, 'models', 'upscale_models');
  const [vaes, controlNets] = ['vae', 'controlnet'].map((folder) => join(root, 'models', folder));
  for (const folder of [checkpoints, upscalers, vaes, controlNets, input]) mkdirSync(folder, { recursive: true });
  for (const name of ['tiny_sd1', 'tiny_sdxl_base', 'tiny_sdxl_refiner'])
    symlinkSync(fixtureModel(name), join(checkpoints, `${name}.safetensors`));
  symlinkSync(fixtureModel('tiny_esrgan_x4_old'), join(upscalers, 'tiny_esrgan_x4_old.safetensors'));
  symlinkSync(fixtureModel('tiny_vae'), join(vaes, 'tiny_vae.safetensors'));
  symlinkSync(fixtureModel('tiny_controlnet_sdxl'), join(controlNets, 'tiny_controlnet_sdxl.safetensors'));
  for (const name of ['photo.png', 'photo_alpha.png']) copyFileSync(join(files, 'input', name), join(input, name));
  room = await openDarkroom({ models: join(root, 'models'), input, output: join(root, 'output') });
});
afterAll(async () => {
  await room.close();
  rmSync(root, { recursive: true });
});

const read = (name: string): Record<string, { inputs: Record<string, unknown>; class_type: string }> =>
  JSON.parse(readFileSync(join(files, `${name}.api.json`), 'utf8'));

async function expectSaved(g: Golden, id: string, tensor: string, pictures: readonly Buffer[]): Promise<void> {
  const batch: Buffer[] = [];
  for (const picture of pictures) {
    const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
    expect([pictures.length, info.height, info.width, info.channels], tensor).toEqual(g.tensor(tensor).shape);
    batch.push(data);
  }
  expectPicture(g, id, tensor, Buffer.concat(batch));
}

describe('workflows', () => {
  it.each(WHOLE)('%s', async (name) => {
    const g = golden('workflows', name);
    const warnings: string[] = [];
    const { outputs } = await room.run(read(name), {
      onEvent: (event) => {
        if (event.type === 'warning') warnings.push(event.message);
      },
    });
    const images = Object.entries(g.cases[0].outputs).filter(([output]) => output.startsWith('image_'));
    expect(images.length).toBe(Object.keys(outputs).length);
    for (const [output, tensor] of images) {
      const pictures = outputs[output.slice('image_'.length)].images.map((image) => image.toBuffer());
      await expectSaved(g, name, tensor, pictures);
    }
    expect(warnings.length).toBe(name === 'embedding' ? 1 : 0);
  });
});

it('the examples can run where their models are', async () => {
  const examples = join(files, '..', '..', '..', 'examples');
  const checkpoints = join(root, 'example-models', 'checkpoints');
  mkdirSync(checkpoints, { recursive: true });
  for (const part of ['base', 'refiner'])
    symlinkSync(fixtureModel(`tiny_sdxl_${part}`), join(checkpoints, `darkroom-tiny-${part}.safetensors`));
  const models = join(root, 'example-models');
  const example = await openDarkroom({ models, input: join(examples, 'input'), output: join(root, 'output') });
  const names = readdirSync(examples).filter((name) => name.endsWith('.json'));
  expect(names.length).toBeGreaterThanOrEqual(4);
  for (const name of names) expect(example.check(join(examples, name)).errors, name).toEqual([]);
  await example.close();
});
