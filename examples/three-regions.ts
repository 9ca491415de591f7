// three-regions.json as a program: npx tsx examples/three-regions.ts A canvas of 384 x 128 pixels
// with three regions, each with its own prompt; the canvas' prompt draws the space between them.
import { openDarkroom } from '../src/index.ts';
import {
  CheckpointLoaderSimple,
  CLIPTextEncode,
  CombineRegionalPrompts,
  EditBasicPipe,
  EmptyLatentImage,
  KSamplerAdvancedProvider,
  MaskComposite,
  RegionalPrompt,
  RegionalSamplerAdvanced,
  SaveImage,
  SolidMask,
  ToBasicPipe,
  VAEDecode,
} from '../src/workflow/builder/nodes.generated.ts';
import { graph } from '../src/workflow/builder/workflow-builder.ts';

const size = { width: 384, height: 128 };
const base = CheckpointLoaderSimple({ ckpt_name: 'darkroom-tiny-base.safetensors' });
const prompt = (text: string) => CLIPTextEncode({ text, clip: base.CLIP }).CONDITIONING;
const pipe = ToBasicPipe({
  model: base.MODEL,
  clip: base.CLIP,
  vae: base.VAE,
  positive: prompt('flat style, blue background'),
  negative: prompt(''),
}).basic_pipe;

const sampler = (basic_pipe: typeof pipe) =>
  KSamplerAdvancedProvider({
    cfg: 4.5,
    sampler_name: 'dpmpp_2m',
    scheduler: 'karras',
    sigma_factor: 1,
    basic_pipe,
  }).KSAMPLER_ADVANCED;

const empty = SolidMask({ value: 0, ...size }).MASK;
const square = SolidMask({ value: 1, width: 104, height: 104 }).MASK;
const region = (text: string, x: number) =>
  RegionalPrompt({
    mask: MaskComposite({ destination: empty, source: square, x, y: 12, operation: 'add' }).MASK,
    advanced_sampler: sampler(
      EditBasicPipe({ basic_pipe: pipe, positive: prompt(text) }).basic_pipe,
    ),
  }).REGIONAL_PROMPTS;

const regions = CombineRegionalPrompts({
  regional_prompts1: region('panda, flat style, blue background', 12),
  regional_prompts2: region('car, flat style, blue background', 140),
  regional_prompts3: region('frog, flat style, blue background', 268),
}).REGIONAL_PROMPTS;

const latent = RegionalSamplerAdvanced({
  latent_image: EmptyLatentImage({ ...size, batch_size: 1 }).LATENT,
  base_sampler: sampler(pipe),
  regional_prompts: regions,
  ...{ add_noise: true, noise_seed: 1, steps: 20, start_at_step: 0, end_at_step: 20 },
  ...{ overlap_factor: 4, restore_latent: true, return_with_leftover_noise: false },
  ...{ additional_mode: 'ratio between', additional_sampler: 'AUTO', additional_sigma_ratio: 0.3 },
}).LATENT;
const picture = VAEDecode({ samples: latent, vae: base.VAE }).IMAGE;
const saved = SaveImage({ images: picture, filename_prefix: 'three-regions' }, { id: 'saved' });

const darkroom = await openDarkroom();
const { outputs } = await darkroom.run(graph(saved));
console.log(outputs['saved'].images[0].path);
await darkroom.close();
