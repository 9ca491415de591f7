// Names of files as other systems and other folders write them: `\` of Windows, embeddings without
// their folder. Models are small and random.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { openDarkroom } from '../src/darkroom.ts';
import type { JsonObject } from '../src/formats/json.ts';
import { fixtureModel } from './support/golden.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-names-'));
const put = (file: string, fixture: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  copyFileSync(fixtureModel(fixture), join(root, file));
};
put('models/checkpoints/XL/base.safetensors', 'tiny_sdxl_base');
put('models/loras/style/l.safetensors', 'tiny_lora_sdxl');
put('models/loras/other.safetensors', 'tiny_lora_sd1');
put('models/embeddings/sub/deep_ti.safetensors', 'tinyti');
mkdirSync(join(root, 'models/wildcards/people'), { recursive: true });
writeFileSync(join(root, 'models/wildcards/people/hair.txt'), 'brown\n');
const darkroom = await openDarkroom({
  models: join(root, 'models'),
  output: join(root, 'output'),
  cache: join(root, 'cache'),
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

/** A workflow that saves an image of a prompt. */
const workflow = (text: string, ckpt_name: string, lora_name: string): JsonObject => ({
  1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name } },
  2: {
    class_type: 'LoraLoader',
    inputs: { model: ['1', 0], clip: ['1', 1], lora_name, strength_model: 1, strength_clip: 1 },
  },
  3: { class_type: 'CLIPTextEncode', inputs: { text, clip: ['2', 1] } },
  4: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
  5: {
    class_type: 'KSampler',
    inputs: {
      ...{ seed: 7, steps: 1, cfg: 1, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
      ...{ model: ['2', 0], positive: ['3', 0], negative: ['3', 0], latent_image: ['4', 0] },
    },
  },
  6: { class_type: 'VAEDecode', inputs: { samples: ['5', 0], vae: ['1', 2] } },
  7: { class_type: 'SaveImage', inputs: { images: ['6', 0], filename_prefix: 'x' } },
});

it('workflows of Windows and embeddings without a folder run to the same image', async () => {
  const written = workflow(
    'embedding:sub/deep_ti a fox',
    'XL/base.safetensors',
    'style/l.safetensors',
  );
  const other = workflow('embedding:deep_ti a fox', 'XL\\base.safetensors', 'style\\l.safetensors');
  expect(await darkroom.check(other)).toMatchObject({ runnable: true, errors: [], notes: [] });
  const images: Uint8Array[] = [];
  const warnings: string[] = [];
  for (const one of [
    written,
    other,
    workflow('a fox', 'XL/base.safetensors', 'style/l.safetensors'),
  ]) {
    const { images: made } = await darkroom.run(one, {
      onEvent: (event) => event.type === 'warning' && warnings.push(event.message),
    });
    images.push(await sharp(made[0].toBuffer()).raw().toBuffer());
  }
  expect(warnings).toEqual([]);
  expect(images[1]).toEqual(images[0]);
  expect(images[2]).not.toEqual(images[0]);
});

it('check names a missing embedding and a missing list, and the workflow can run', async () => {
  const text = 'embedding:deep_to, __x__';
  const found = await darkroom.check(workflow(text, 'XL\\base.safetensors', 'style/l.safetensors'));
  expect(found.runnable).toBe(true);
  expect(found.notes).toEqual([expect.stringContaining("Did you mean 'sub/deep_ti.safetensors'?")]);
  const lists = await darkroom.check({
    1: {
      class_type: 'ImpactWildcardProcessor',
      inputs: {
        wildcard_text: 'a __people\\hair__ and __hair__ and __gone__',
        populated_text: '',
        mode: 'populate',
        seed: 1,
        'Select to add Wildcard': 'Select the Wildcard to add to the text',
      },
    },
    2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
  });
  expect(lists.notes).toEqual([expect.stringContaining('__gone__')]);
});

it('check tells what a LoRA will not change, by the name of its file', async () => {
  const fitting = workflow('a fox', 'XL\\base.safetensors', 'style\\l.safetensors');
  expect((await darkroom.check(fitting)).notes).toEqual([]);
  const other = workflow('a fox', 'XL\\base.safetensors', 'other.safetensors');
  expect((await darkroom.check(other)).notes).toEqual([
    expect.stringMatching(/^other\.safetensors: \d+ tensors match no weight of the model/),
  ]);
  const missing = workflow('a fox', 'gone.safetensors', 'gone.safetensors');
  expect((await darkroom.check(missing)).notes).toEqual([]);
});
