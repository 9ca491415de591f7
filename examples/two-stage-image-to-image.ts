// two-stage-image-to-image.json as a program: npx tsx examples/two-stage-image-to-image.ts
// A sketch of 128 pixels is enlarged to 192 and drawn anew by the base model, then by the refiner.
import { join } from 'node:path';
import { openDarkroom } from '../src/index.ts';

const prompt = 'red apple, noto style, blue background';

const workflow = {
  base: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'darkroom-tiny-base.safetensors' } },
  refiner: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'darkroom-tiny-refiner.safetensors' } },
  prompts: {
    class_type: 'SeargeSDXLPromptEncoder',
    inputs: {
      ...{ base_clip: ['base', 1], refiner_clip: ['refiner', 1] },
      ...{ pos_g: prompt, pos_l: prompt, pos_r: prompt, neg_g: '', neg_l: '', neg_r: '' },
      ...{ base_width: 1024, base_height: 1024, crop_w: 0, crop_h: 0, target_width: 1024, target_height: 1024 },
      ...{ pos_ascore: 6, neg_ascore: 2.5, refiner_width: 1024, refiner_height: 1024 },
    },
  },
  sampler: { class_type: 'SeargeSamplerInputs', inputs: { sampler_name: 'dpmpp_2m', scheduler: 'karras' } },
  sketch: { class_type: 'LoadImage', inputs: { image: 'sketch.png' } },
  stages: {
    class_type: 'SeargeSDXLImage2ImageSampler',
    inputs: {
      ...{ base_model: ['base', 0], base_positive: ['prompts', 0], base_negative: ['prompts', 1] },
      ...{ refiner_model: ['refiner', 0], refiner_positive: ['prompts', 2], refiner_negative: ['prompts', 3] },
      ...{ image: ['sketch', 0], vae: ['base', 2], sampler_name: ['sampler', 0], scheduler: ['sampler', 1] },
      ...{ noise_seed: 7, steps: 20, cfg: 4.5, denoise: 0.5 },
      // with an upscale model of your own (UpscaleModelLoader -> upscale_model), softness blends the plainly enlarged sketch into its picture
      ...{ scaled_width: 192, scaled_height: 192, softness: 0 },
      ...{ base_ratio: 0.8, noise_offset: 1, refiner_strength: 0.75 },
    },
  },
  saved: { class_type: 'SaveImage', inputs: { images: ['stages', 0], filename_prefix: 'two-stage-image-to-image' } },
};

const room = await openDarkroom({ input: join(import.meta.dirname, 'input') });
const { outputs } = await room.run(workflow);
console.log(outputs['saved'].images[0].path);
await room.close();
