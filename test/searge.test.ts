// Whole workflows of SeargeSDXL through the engine against ComfyUI's images: Reborn v3.3 as its
// author published it, and the two samplers in small graphs.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Darkroom, openDarkroom, type RunOptions } from '../src/darkroom.ts';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import { expectGolden, expectImage, fixtureModel, type Golden, golden } from './support/golden.ts';

const files = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'workflows');
const root = mkdtempSync(join(tmpdir(), 'darkroom-searge-'));
const input = join(root, 'input');
const output = join(root, 'output');
const models = join(root, 'models');
let darkroom: Darkroom;

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  checkpoints: ['tiny_sdxl_base', 'tiny_sdxl_refiner'],
  vae: ['tiny_vae'],
  upscale_models: ['tiny_esrgan_x4_old', 'tiny_realesrgan_x4_new'],
  loras: ['tiny_lora_sdxl'],
};

beforeAll(async () => {
  for (const [folder, names] of Object.entries(FOLDERS)) {
    mkdirSync(join(models, folder), { recursive: true });
    for (const name of names)
      symlinkSync(fixtureModel(name), join(models, folder, `${name}.safetensors`));
  }
  mkdirSync(input);
  for (const name of ['photo.png', 'photo_alpha.png'])
    copyFileSync(join(files, 'input', name), join(input, name));
  darkroom = await openDarkroom({
    models,
    input,
    output,
    temp: join(root, 'temp'),
    comfyui: '0.3.64',
  });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

type Prompt = Record<string, { inputs: Record<string, unknown>; class_type: string }>;
const read = (name: string): Prompt =>
  JSON.parse(readFileSync(join(files, `${name}.api.json`), 'utf8'));

/**
 * Runs a workflow and compares the inputs of its VAEDecodes and all images that it saves and shows.
 */
async function expectWorkflow(g: Golden, prompt: Prompt, options: RunOptions = {}) {
  const [{ id, outputs: expected }] = g.cases;
  const decoders = Object.keys(expected).flatMap((key) => /^latent_\d+_(.+)$/.exec(key)?.[1] ?? []);
  const savers = decoders.map((node) => [
    `latent_0_${node}`,
    {
      class_type: 'SaveLatent',
      inputs: { samples: prompt[node].inputs['samples'], filename_prefix: `latents/${node}` },
    },
  ]);
  const result = await darkroom.run({ ...prompt, ...Object.fromEntries(savers) }, options);
  for (const [key, tensor] of Object.entries(expected)) {
    if (key.startsWith('latent_')) {
      const [saved] = result.outputs[key]['latents'] as { path: string }[];
      const file = await openSafetensors(saved.path);
      expectGolden(g, id, tensor, await file.read('latent_tensor'));
      await file.close();
    } else {
      const [image] = result.outputs[key.slice('image_'.length)].images;
      const { data, info } = await sharp(image.path).raw().toBuffer({ resolveWithObject: true });
      const shape = [1, info.height, info.width, info.channels];
      expect(shape, tensor).toEqual(g.tensor(tensor).shape);
      expectImage(g, id, tensor, data);
    }
  }
  expect(Object.keys(result.outputs).sort()).toEqual(
    Object.keys(expected)
      .map((key) => (key.startsWith('latent_') ? key : key.slice(6)))
      .sort(),
  );
  return result;
}

describe('workflows', () => {
  it.each(['seed_searge_sampler2', 'seed_searge_i2i'])('%s', async (name) => {
    await expectWorkflow(golden('workflows', name), read(name));
  });

  it('searge_reborn_v33', async () => {
    const prompt = read('searge_reborn_v33');
    expect((await darkroom.check(prompt)).errors).toMatchObject([
      { nodeId: '66', input: 'image' },
      { nodeId: '67', input: 'image' },
      { nodeId: '68', input: 'blend_mode' },
    ]);
    // outputs behind unconnected inputs are skipped
    const { outputs, nodeErrors } = await expectWorkflow(
      golden('workflows', 'searge_reborn_v33'),
      prompt,
    );
    expect(Object.keys(nodeErrors).sort()).toEqual(['66', '67', '68']);
    const today = new Date();
    const date = [today.getFullYear(), today.getMonth() + 1, today.getDate()]
      .map((n) => String(n).padStart(2, '0'))
      .join('-');
    const saved = (id: string): string => relative(output, outputs[id].images[0].path);
    expect(saved('360')).toBe(join(`SeargeSDXL-out-${date}`, 'generated', 'gen_00001_.png'));
    expect(saved('361')).toBe(join(`SeargeSDXL-out-${date}`, 'hires', 'hrf_00001_.png'));
  });

  it('the second Image2Image sampler, which v3.4 uses, equals the first', async () => {
    const prompt = read('searge_reborn_v33');
    prompt['363'].class_type = 'SeargeSDXLImage2ImageSampler2';
    const { outputs } = await darkroom.run(prompt, { targets: ['361'] });
    const { data } = await sharp(outputs['361'].images[0].path)
      .raw()
      .toBuffer({ resolveWithObject: true });
    const g = golden('workflows', 'searge_reborn_v33');
    expectImage(g, 'searge_reborn_v33', g.cases[0].outputs['image_361'], data);
  });
});

describe('SeargeImageSave', () => {
  const savingPrompt = (inputs: object): Prompt => ({
    1: { class_type: 'LoadImage', inputs: { image: 'photo.png' } },
    2: {
      class_type: 'SeargeImageSave',
      inputs: {
        images: ['1', 0],
        filename_prefix: 'x',
        state: 'enabled',
        save_to: 'output folder',
        ...inputs,
      },
    },
  });

  it('saves in the input folder under its own name, with the workflow inside', async () => {
    const { outputs } = await darkroom.run(savingPrompt({ save_to: 'input folder' }), {
      extra: { workflow: { nodes: [] } },
    });
    const { path, type } = outputs['2'].images[0];
    expect(type).toBe('input');
    expect(relative(input, path)).toMatch(/^output-\d{4}-\d\d-\d\d_00001_\.png$/);
    const text = readFileSync(path).toString('latin1');
    expect(text).toContain('tEXtprompt\0{"1": {"class_type": "LoadImage"');
    expect(text).toContain('tEXtworkflow\0{"nodes": []}');
  });

  it('saves nothing when disabled', async () => {
    expect((await darkroom.run(savingPrompt({ state: 'disabled' }))).outputs).toEqual({});
  });

  it('saves nothing outside its folder', async () => {
    for (const filename_prefix of ['../x', '/x', '%date%/../../x'])
      await expect(darkroom.run(savingPrompt({ filename_prefix }))).rejects.toMatchObject({
        code: 'DR_OUTPUT_UNWRITABLE',
      });
  });
});

it('nodes of version 4 are refused by name, with the reason', async () => {
  const prompt = {
    1: { class_type: 'SeargeMagicBox', inputs: {} },
    2: { class_type: 'SeargeMagicBoy', inputs: {} },
  };
  const { errors, missingNodes } = await darkroom.check(prompt);
  expect(missingNodes).toEqual(['SeargeMagicBox', 'SeargeMagicBoy']);
  expect(errors.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^node type 'SeargeMagicBox' of SeargeSDXL \(node 1\) can't be run: it belongs to the "magic box" of version 4/,
    ),
    "unknown node type 'SeargeMagicBoy' (node 2)",
  ]);
  expect(errors[0].hint).toContain('v3.3');
});
