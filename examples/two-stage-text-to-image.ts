// two-stage-text-to-image.json as a program: npx tsx examples/two-stage-text-to-image.ts "ghost, flat style, black background"
// The refiner takes two steps of its own before the base model, and the last fifth of them after it.
import { openDarkroom } from '../src/index.ts';

const prompt = process.argv[2] ?? 'fox, flat style, pink background';

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
  size: { class_type: 'EmptyLatentImage', inputs: { width: 128, height: 128, batch_size: 1 } },
  stages: {
    class_type: 'SeargeSDXLSampler2',
    inputs: {
      ...{ base_model: ['base', 0], base_positive: ['prompts', 0], base_negative: ['prompts', 1] },
      ...{ refiner_model: ['refiner', 0], refiner_positive: ['prompts', 2], refiner_negative: ['prompts', 3] },
      ...{ latent_image: ['size', 0], sampler_name: ['sampler', 0], scheduler: ['sampler', 1] },
      ...{ noise_seed: 7, steps: 20, cfg: 4.5, denoise: 1 },
      ...{ base_ratio: 0.8, refiner_prep_steps: 2, noise_offset: 1, refiner_strength: 0.9 },
    },
  },
  decoded: { class_type: 'VAEDecode', inputs: { samples: ['stages', 0], vae: ['base', 2] } },
  saved: { class_type: 'SaveImage', inputs: { images: ['decoded', 0], filename_prefix: 'two-stage-text-to-image' } },
};

const room = await openDarkroom();
const { outputs } = await room.run(workflow);
console.log(outputs['saved'].images[0].path);
await room.close();
