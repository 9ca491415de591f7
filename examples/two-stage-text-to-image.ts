// two-stage-text-to-image.json as a program: npx tsx examples/two-stage-text-to-image.ts "ghost,
// flat style, black background" The refiner takes two steps of its own before the base model, and
// the last fifth of them after it.
import { openDarkroom } from '../src/index.ts';
import {
  CheckpointLoaderSimple,
  EmptyLatentImage,
  SaveImage,
  SeargeSDXLPromptEncoder,
  SeargeSDXLSampler2,
  VAEDecode,
} from '../src/workflow/builder/nodes.generated.ts';
import { graph } from '../src/workflow/builder/workflow-builder.ts';

const prompt = process.argv[2] ?? 'fox, flat style, pink background';

const base = CheckpointLoaderSimple({ ckpt_name: 'darkroom-tiny-base.safetensors' });
const refiner = CheckpointLoaderSimple({ ckpt_name: 'darkroom-tiny-refiner.safetensors' });
const prompts = SeargeSDXLPromptEncoder({
  base_clip: base.CLIP,
  refiner_clip: refiner.CLIP,
  ...{ pos_g: prompt, pos_l: prompt, pos_r: prompt, neg_g: '', neg_l: '', neg_r: '' },
  ...{
    base_width: 1024,
    base_height: 1024,
    crop_w: 0,
    crop_h: 0,
    target_width: 1024,
    target_height: 1024,
  },
  ...{ pos_ascore: 6, neg_ascore: 2.5, refiner_width: 1024, refiner_height: 1024 },
});
const stages = SeargeSDXLSampler2({
  base_model: base.MODEL,
  base_positive: prompts.base_positive,
  base_negative: prompts.base_negative,
  refiner_model: refiner.MODEL,
  refiner_positive: prompts.refiner_positive,
  refiner_negative: prompts.refiner_negative,
  latent_image: EmptyLatentImage({ width: 128, height: 128, batch_size: 1 }).LATENT,
  ...{
    noise_seed: 7,
    steps: 20,
    cfg: 4.5,
    sampler_name: 'dpmpp_2m',
    scheduler: 'karras',
    denoise: 1,
  },
  ...{ base_ratio: 0.8, refiner_prep_steps: 2, noise_offset: 1, refiner_strength: 0.9 },
});
const picture = VAEDecode({ samples: stages.LATENT, vae: base.VAE });
const saved = SaveImage(
  { images: picture.IMAGE, filename_prefix: 'two-stage-text-to-image' },
  { id: 'saved' },
);

const darkroom = await openDarkroom();
const { outputs } = await darkroom.run(graph(saved));
console.log(outputs['saved'].images[0].path);
await darkroom.close();
