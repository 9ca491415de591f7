// Whole workflows on the tiny models of Z-Image, Lumina 2, FLUX, Chroma, SD3, Qwen-Image,
// AuraFlow, Krea 2 and Anima: the latents and images of ComfyUI (test/golden/graphs_flow).
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
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Darkroom, openDarkroom } from '../src/darkroom.ts';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import { writeSmallQwen3Vl } from './support/files/small-qwen3-vl.ts';
import { expectGolden, expectImage, fixtureModel, golden } from './support/golden.ts';

const GROUPS = readdirSync(join(import.meta.dirname, 'golden', 'graphs_flow')).flatMap((name) =>
  name.endsWith('.json.gz') ? name.slice(0, -'.json.gz'.length) : [],
);
const MODELS: Readonly<Record<string, readonly string[]>> = {
  diffusion_models: [
    'tiny_auraflow',
    'tiny_anima',
    'tiny_chroma',
    'tiny_flux2_klein',
    'tiny_flux_dev',
    'tiny_flux_fill',
    'tiny_flux_schnell',
    'tiny_krea2',
    'tiny_lumina2',
    'tiny_qwen_image',
    'tiny_sd35_medium',
    'tiny_sd3_medium',
    'tiny_z_image',
  ],
  text_encoders: [
    ...['tiny_clip_l', 'tiny_clip_g', 'tiny_t5xxl', 'tiny_qwen3_4b', 'tiny_gemma2_2b'],
    'tiny_qwen3_06b',
    ...['tiny_qwen25_vl_7b', 'tiny_pile_t5xl'],
  ],
  vae: ['tiny_ae', 'tiny_flux2_vae', 'tiny_wan21_vae'],
  loras: [
    ...['lora_flux_dev_kohya', 'lora_flux_dev_peft', 'lora_sd35_peft', 'lora_z_image_peft'],
    ...['lora_qwen_image_peft', 'lora_krea2_peft'],
  ],
};

const files = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'graphs_flow');
const root = mkdtempSync(join(tmpdir(), 'darkroom-flow-'));
let darkroom: Darkroom;

beforeAll(async () => {
  for (const [folder, names] of Object.entries(MODELS)) {
    mkdirSync(join(root, 'models', folder), { recursive: true });
    for (const name of names)
      symlinkSync(fixtureModel(name), join(root, 'models', folder, `${name}.safetensors`));
  }
  await writeSmallQwen3Vl(join(root, 'models', 'text_encoders'));
  mkdirSync(join(root, 'input'));
  for (const name of readdirSync(join(files, 'input')))
    copyFileSync(join(files, 'input', name), join(root, 'input', name));
  darkroom = await openDarkroom({
    models: join(root, 'models'),
    input: join(root, 'input'),
    output: join(root, 'output'),
    textEncoders: 'fp32',
  });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

type Prompt = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

/** The prompts of a group by the ids of their cases. */
const promptsOf = (group: string): Readonly<Record<string, Prompt>> =>
  JSON.parse(gunzipSync(readFileSync(join(files, `${group}.json.gz`))).toString('utf8')).prompts;

/** The prompt with a node that saves the decoded latent; without a picture, the sampler's. */
function withSavedLatent(prompt: Prompt): Prompt {
  const decode = Object.values(prompt).find(({ class_type }) => class_type === 'VAEDecode');
  const sampler = Object.keys(prompt).find((id) => prompt[id].class_type === 'KSampler')!;
  const samples = decode?.inputs.samples ?? [sampler, 0];
  return {
    ...prompt,
    latent: { class_type: 'SaveLatent', inputs: { samples, filename_prefix: 'latent' } },
  };
}

describe.each(GROUPS)('%s', (group) => {
  const g = golden('graphs_flow', group);
  const prompts = promptsOf(group);
  it.each(g.cases)('$id', async ({ id, outputs }) => {
    const result = await darkroom.run(withSavedLatent(prompts[id]));
    const [latent] = result.outputs.latent.latents as { path: string }[];
    const saved = await openSafetensors(latent.path);
    const samples = await saved.read('latent_tensor');
    await saved.close();
    expectGolden(g, id, outputs.samples, samples);
    if (!outputs.image) return;
    const { images } = result;
    const bytes: Buffer[] = [];
    for (const image of images) bytes.push(await sharp(image.toBuffer()).raw().toBuffer());
    expect(images.length).toBe(g.tensor(outputs.image).shape[0]);
    expectImage(g, id, outputs.image, Buffer.concat(bytes));
  });
});
