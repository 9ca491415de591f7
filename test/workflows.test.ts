// Whole workflow files through the engine: the images that ComfyUI saved for real workflows on the
// fixture models.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Darkroom, openDarkroom } from '../src/darkroom.ts';
import { linkFlowModels } from './support/flow-examples.ts';
import { expectImage, fixtureModel, type Golden, golden } from './support/golden.ts';

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
  'seed_segs_upscaler',
  'regional_prompt',
  'seed_regional_advanced',
  'two_samplers_for_mask',
  'two_advanced_for_mask',
  'lora',
  'lcm',
];

/** Expected warnings: a missing embedding, a soft mask. */
const WARNINGS: Readonly<Record<string, number>> = {
  embedding: 1,
  seed_segs_upscaler: 1,
  seed_regional_advanced: 1,
};

const files = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'workflows');
const root = mkdtempSync(join(tmpdir(), 'darkroom-workflows-'));
const input = join(root, 'input');
let darkroom: Darkroom;

beforeAll(async () => {
  const checkpoints = join(root, 'models', 'checkpoints');
  const upscalers = join(root, 'models', 'upscale_models');
  const [vaes, controlNets, loras] = ['vae', 'controlnet', 'loras'].map((folder) =>
    join(root, 'models', folder),
  );
  for (const folder of [checkpoints, upscalers, vaes, controlNets, loras, input])
    mkdirSync(folder, { recursive: true });
  for (const name of ['tiny_sd1', 'tiny_sdxl_base', 'tiny_sdxl_refiner'])
    symlinkSync(fixtureModel(name), join(checkpoints, `${name}.safetensors`));
  for (const name of ['tiny_esrgan_x4_old', 'tiny_srvgg_x2'])
    symlinkSync(fixtureModel(name), join(upscalers, `${name}.safetensors`));
  symlinkSync(fixtureModel('tiny_vae'), join(vaes, 'tiny_vae.safetensors'));
  symlinkSync(
    fixtureModel('tiny_controlnet_sdxl'),
    join(controlNets, 'tiny_controlnet_sdxl.safetensors'),
  );
  for (const name of ['tiny_lora_sd1', 'tiny_lora_sdxl'])
    symlinkSync(fixtureModel(name), join(loras, `${name}.safetensors`));
  for (const name of readdirSync(join(files, 'input')))
    copyFileSync(join(files, 'input', name), join(input, name));
  // the reference images were created by 0.3.64 with --fp32-text-enc
  darkroom = await openDarkroom({
    models: join(root, 'models'),
    input,
    output: join(root, 'output'),
    textEncoders: 'fp32',
    comfyui: '0.3.64',
  });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

const read = (
  name: string,
): Record<string, { inputs: Record<string, unknown>; class_type: string }> =>
  JSON.parse(readFileSync(join(files, `${name}.api.json`), 'utf8'));

async function expectSaved(
  g: Golden,
  id: string,
  tensor: string,
  images: readonly Buffer[],
): Promise<void> {
  const batch: Buffer[] = [];
  for (const image of images) {
    const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
    const shape = [images.length, info.height, info.width, info.channels];
    expect(shape, tensor).toEqual(g.tensor(tensor).shape);
    batch.push(data);
  }
  expectImage(g, id, tensor, Buffer.concat(batch));
}

describe('workflows', () => {
  it.each(WHOLE)('%s', async (name) => {
    const g = golden('workflows', name);
    const warnings: string[] = [];
    const { outputs } = await darkroom.run(read(name), {
      onEvent: (event) => {
        if (event.type === 'warning') warnings.push(event.message);
      },
    });
    const expected = Object.entries(g.cases[0].outputs).filter(([output]) =>
      output.startsWith('image_'),
    );
    expect(expected.length).toBe(Object.keys(outputs).length);
    for (const [output, tensor] of expected) {
      const images = outputs[output.slice('image_'.length)].images.map((image) => image.toBuffer());
      await expectSaved(g, name, tensor, images);
    }
    expect(warnings.length).toBe(WARNINGS[name] ?? 0);
  });
});

// Each tile is encoded after the previous ones were pasted, by an untrained autoencoder: rounding
// differences grow from tile to tile, and in the last tile the original's own second run differs by
// 19 levels.
it('seed_tiles_upscaler, within the variation of the original in its last tile', async () => {
  const g = golden('workflows', 'seed_tiles_upscaler');
  const [tensor] = Object.values(g.cases[0].outputs);
  const { data: expected, shape } = g.tensor(tensor);
  const [measured] = g.measured[tensor];
  expect(measured).toBe(19);
  const { outputs } = await darkroom.run(read('seed_tiles_upscaler'));
  const actual = await sharp(outputs['99'].images[0].toBuffer()).raw().toBuffer();
  expect(actual.length).toBe(expected.length);
  const worst = { first: 0, between: 0, last: 0 };
  let [changed, sumOfLast, countOfLast] = [0, 0, 0];
  const firstRows = 36;
  for (let i = 0; i < actual.length; i++) {
    const [x, y] = [Math.floor(i / 3) % shape[2], Math.floor(i / 3 / shape[2])];
    const region = y < firstRows ? 'first' : x < 72 || y < 72 ? 'between' : 'last';
    const difference = Math.abs(actual[i] - Number(expected[i]));
    worst[region] = Math.max(worst[region], difference);
    if (region === 'first' && difference > 0) changed++;
    if (region === 'last') [sumOfLast, countOfLast] = [sumOfLast + difference, countOfLast + 1];
  }
  expect(worst.first).toBeLessThanOrEqual(1);
  expect(changed / (firstRows * shape[2] * 3)).toBeLessThanOrEqual(0.005);
  expect(worst.between).toBeLessThanOrEqual(1);
  // each of two runs may deviate by as much to either side
  expect(worst.last).toBeLessThanOrEqual(2 * measured);
  expect(sumOfLast / countOfLast).toBeLessThanOrEqual(1);
});

it('the examples validate with their models', async () => {
  const examples = join(files, '..', '..', '..', 'examples');
  const checkpoints = join(root, 'example-models', 'checkpoints');
  mkdirSync(checkpoints, { recursive: true });
  for (const part of ['base', 'refiner'])
    symlinkSync(
      fixtureModel(`tiny_sdxl_${part}`),
      join(checkpoints, `darkroom-tiny-${part}.safetensors`),
    );
  const models = join(root, 'example-models');
  linkFlowModels(models);
  const example = await openDarkroom({
    models,
    input: join(examples, 'input'),
    output: join(root, 'output'),
  });
  const names = readdirSync(examples).filter((name) => name.endsWith('.json'));
  expect(names.length).toBeGreaterThanOrEqual(4);
  for (const name of names)
    expect((await example.check(join(examples, name))).errors, name).toEqual([]);
  await example.close();
});
