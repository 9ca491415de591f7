// The workflow that the page starts with, on each family of flow models: loaders, settings and
// nodes are those of ComfyUI's official templates, and the tiny models run in it.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../test/support/golden.ts';
import { type Darkroom, openDarkroom } from '../darkroom.ts';
import { openFolders } from '../storage/folders.ts';
import { type RequestedModel, startWorkflow } from './start-workflow.ts';

const FILES: Readonly<Record<string, string>> = {
  'diffusion_models/a_fill.safetensors': 'tiny_flux_fill',
  'diffusion_models/chroma.safetensors': 'tiny_chroma',
  'diffusion_models/flux1-dev-kontext.safetensors': 'tiny_flux_dev',
  'diffusion_models/flux1-dev.safetensors': 'tiny_flux_dev',
  'diffusion_models/flux1-schnell.safetensors': 'tiny_flux_schnell',
  'diffusion_models/flux-2-klein-4b.safetensors': 'tiny_flux2_klein',
  'diffusion_models/flux-2-klein-base-4b.safetensors': 'tiny_flux2_klein',
  'diffusion_models/lumina_2.safetensors': 'tiny_lumina2',
  'diffusion_models/sd3.5_medium.safetensors': 'tiny_sd35_medium',
  'diffusion_models/z_image_bf16.safetensors': 'tiny_z_image',
  'diffusion_models/z_image_turbo.safetensors': 'tiny_z_image',
  'text_encoders/a-qwen.safetensors': 'tiny_qwen3_4b',
  'text_encoders/b-gemma.safetensors': 'tiny_gemma2_2b',
  'text_encoders/c-t5.safetensors': 'tiny_t5xxl',
  'text_encoders/d-g.safetensors': 'tiny_clip_g',
  'text_encoders/e-l.safetensors': 'tiny_clip_l',
  'vae/a-sdxl.safetensors': 'tiny_vae',
  'vae/b-sd3.safetensors': 'tiny_ae',
  'vae/c-flux2.safetensors': 'tiny_flux2_vae',
  'vae/sub/ae.safetensors': 'tiny_ae',
};

const root = mkdtempSync(join(tmpdir(), 'darkroom-start-'));
const models = join(root, 'models');
mkdirSync(models);
const folders = openFolders({ models: [models] });
let darkroom: Darkroom;

function link(path: string, fixture: string): void {
  mkdirSync(dirname(join(models, path)), { recursive: true });
  symlinkSync(fixtureModel(fixture), join(models, path));
}

beforeAll(async () => {
  for (const [path, fixture] of Object.entries(FILES)) link(path, fixture);
  darkroom = await openDarkroom({ models, output: join(root, 'output') });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

/** The nodes of the graph, each with its widgets: values without links. */
async function nodesOf(requested?: RequestedModel) {
  const { graph } = (await startWorkflow(folders, requested))!;
  const widgets = (inputs: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(inputs).filter(([, value]) => !Array.isArray(value)));
  const entries = Object.values(graph).map(({ class_type, inputs }) => [
    class_type,
    widgets(inputs),
  ]);
  return Object.fromEntries(entries);
}

const square = { width: 1024, height: 1024, batch_size: 1 };
const sampler = (steps: number, cfg: number, sampler_name: string, scheduler: string) => ({
  ...{ seed: 0, steps, cfg, sampler_name, scheduler, denoise: 1 },
});
const AE = { vae_name: 'sub/ae.safetensors' };
const FLUX_ENCODERS = {
  ...{ clip_name1: 'e-l.safetensors', clip_name2: 'c-t5.safetensors', type: 'flux' },
};

// from image_chroma_text_to_image, flux_dev_full_text_to_image, flux_schnell, sd3.5_simple_example,
// image_z_image, image_z_image_turbo and image_flux2_klein_text_to_image of
// comfyui-workflow-templates 0.11.97; Lumina 2: ComfyUI's page of examples
const STARTS: Readonly<Record<string, Record<string, Record<string, unknown>>>> = {
  'chroma.safetensors': {
    CLIPLoader: { clip_name: 'c-t5.safetensors', type: 'chroma' },
    VAELoader: AE,
    T5TokenizerOptions: { min_padding: 0, min_length: 0 },
    ModelSamplingAuraFlow: { shift: 1 },
    KSampler: sampler(26, 3.5, 'euler', 'beta'),
  },
  'flux1-dev.safetensors': {
    DualCLIPLoader: FLUX_ENCODERS,
    VAELoader: AE,
    FluxGuidance: { guidance: 3.5 },
    ConditioningZeroOut: {},
    KSampler: sampler(20, 1, 'euler', 'simple'),
  },
  'flux1-dev-kontext.safetensors': { FluxGuidance: { guidance: 2.5 } },
  'flux1-schnell.safetensors': {
    DualCLIPLoader: FLUX_ENCODERS,
    KSampler: sampler(4, 1, 'euler', 'simple'),
  },
  'flux-2-klein-4b.safetensors': {
    CLIPLoader: { clip_name: 'a-qwen.safetensors', type: 'flux2' },
    VAELoader: { vae_name: 'c-flux2.safetensors' },
    ConditioningZeroOut: {},
    KSampler: sampler(4, 1, 'euler', 'simple'),
  },
  'flux-2-klein-base-4b.safetensors': { KSampler: sampler(20, 5, 'euler', 'simple') },
  'lumina_2.safetensors': {
    CLIPLoader: { clip_name: 'b-gemma.safetensors', type: 'lumina2' },
    VAELoader: AE,
    CLIPTextEncodeLumina2: { system_prompt: 'superior', user_prompt: '' },
    ModelSamplingAuraFlow: { shift: 6 },
    KSampler: sampler(25, 4, 'res_multistep', 'simple'),
  },
  'sd3.5_medium.safetensors': {
    TripleCLIPLoader: {
      clip_name1: 'e-l.safetensors',
      clip_name2: 'd-g.safetensors',
      clip_name3: 'c-t5.safetensors',
    },
    VAELoader: { vae_name: 'b-sd3.safetensors' },
    KSampler: sampler(20, 4.01, 'euler', 'sgm_uniform'),
  },
  'z_image_bf16.safetensors': {
    ModelSamplingAuraFlow: { shift: 3 },
    CLIPTextEncode: { text: '' },
    KSampler: sampler(25, 4, 'res_multistep', 'simple'),
  },
  'z_image_turbo.safetensors': {
    CLIPLoader: { clip_name: 'a-qwen.safetensors', type: 'lumina2' },
    VAELoader: AE,
    ModelSamplingAuraFlow: { shift: 3 },
    ConditioningZeroOut: {},
    KSampler: sampler(8, 1, 'res_multistep', 'simple'),
  },
};

const latentOf = (name: string): string =>
  name.startsWith('flux-2') ? 'EmptyFlux2LatentImage' : 'EmptySD3LatentImage';

describe.each(Object.entries(STARTS))('the page starts on %s', (diffusionModel, nodes) => {
  it('with the loaders and the settings of its family', async () => {
    expect(await nodesOf({ diffusionModel })).toMatchObject({
      UNETLoader: { unet_name: diffusionModel, weight_dtype: 'default' },
      [latentOf(diffusionModel)]: square,
      ...nodes,
    });
  });

  it('and draws a picture', async () => {
    const { graph } = (await startWorkflow(folders, { diffusionModel }))!;
    const size = { 'Size.width': 64, 'Size.height': 64, 'Sampler.steps': 2 };
    const { images } = await darkroom.run(graph as never, { set: size });
    expect((await sharp(images[0].toBuffer()).metadata()).width).toBe(64);
  });
});

describe('the model that the page starts on', () => {
  it('is the first diffusion model that needs no picture, where there is no checkpoint', async () => {
    expect(await nodesOf()).toMatchObject({ UNETLoader: { unet_name: 'chroma.safetensors' } });
  });

  it('names the text encoders of klein 9B and of dev, which have their own', async () => {
    link('diffusion_models/flux-2-klein-9b.safetensors', 'tiny_flux2_klein');
    link('diffusion_models/flux2_dev_fp8mixed.safetensors', 'tiny_flux2_klein');
    expect(await nodesOf({ diffusionModel: 'flux-2-klein-9b.safetensors' })).toMatchObject({
      CLIPLoader: { clip_name: 'qwen_3_8b_fp8mixed.safetensors', type: 'flux2' },
      KSampler: sampler(4, 1, 'euler', 'simple'),
    });
    expect(await nodesOf({ diffusionModel: 'flux2_dev_fp8mixed.safetensors' })).toMatchObject({
      CLIPLoader: { clip_name: 'mistral_3_small_flux2_bf16.safetensors', type: 'flux2' },
      FluxGuidance: { guidance: 4 },
      KSampler: sampler(20, 1, 'euler', 'simple'),
    });
  });

  it('takes from a checkpoint what it contains, and names the usual files where none fit', async () => {
    link('checkpoints/flux.safetensors', 'tiny_flux_dev');
    link('checkpoints/xl.safetensors', 'tiny_sdxl_base');
    expect(await nodesOf()).not.toHaveProperty('CLIPLoader');
    expect(await nodesOf({ checkpoint: 'flux.safetensors' })).toMatchObject({
      CheckpointLoaderSimple: { ckpt_name: 'flux.safetensors' },
      KSampler: sampler(20, 1, 'euler', 'simple'),
    });
    rmSync(join(models, 'checkpoints'), { recursive: true });
    rmSync(join(models, 'vae', 'b-sd3.safetensors'));
    rmSync(join(models, 'text_encoders', 'd-g.safetensors'));
    expect(await nodesOf({ diffusionModel: 'sd3.5_medium.safetensors' })).toMatchObject({
      TripleCLIPLoader: { clip_name2: 'clip_g.safetensors' },
      VAELoader: { vae_name: 'sd3_vae.safetensors' },
    });
  });
});
