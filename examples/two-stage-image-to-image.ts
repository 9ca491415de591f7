// two-stage-image-to-image.json as a program: npx tsx examples/two-stage-image-to-image.ts
// A sketch of 128 pixels is enlarged to 512 by an upscale model, and redrawn by the base model,
// then by the refiner.
import { join } from 'node:path';
import { openDarkroom } from '../src/index.ts';
import {
  CheckpointLoaderSimple,
  LoadImage,
  SaveImage,
  SeargeSDXLImage2ImageSampler,
  SeargeSDXLPromptEncoder,
  UpscaleModelLoader,
} from '../src/workflow/builder/nodes.generated.ts';
import { graph } from '../src/workflow/builder/workflow-builder.ts';

const prompt = 'red apple, noto style, blue background';

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
const stages = SeargeSDXLImage2ImageSampler({
  base_model: base.MODEL,
  base_positive: prompts.base_positive,
  base_negative: prompts.base_negative,
  refiner_model: refiner.MODEL,
  refiner_positive: prompts.refiner_positive,
  refiner_negative: prompts.refiner_negative,
  image: LoadImage({ image: 'sketch.png' }).IMAGE,
  vae: base.VAE,
  ...{
    noise_seed: 7,
    steps: 12,
    cfg: 4.5,
    sampler_name: 'dpmpp_2m',
    scheduler: 'karras',
    denoise: 0.2,
  },
  // softness blends the plainly enlarged sketch into the upscale model's image
  ...{ scaled_width: 512, scaled_height: 512, softness: 0 },
  upscale_model: UpscaleModelLoader({ model_name: 'realesr-animevideov3.safetensors' })
    .UPSCALE_MODEL,
  ...{ base_ratio: 0.8, noise_offset: 1, refiner_strength: 0.75 },
});
const saved = SaveImage(
  { images: stages.IMAGE, filename_prefix: 'two-stage-image-to-image' },
  { id: 'saved' },
);

const darkroom = await openDarkroom({ input: join(import.meta.dirname, 'input') });
const { outputs } = await darkroom.run(graph(saved));
console.log(outputs['saved'].images[0].path);
await darkroom.close();
