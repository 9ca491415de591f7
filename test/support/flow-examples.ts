// The model files that the examples on flow models name, and the tiny models that stand for them.
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fixtureModel } from './golden.ts';

const FILES: Readonly<Record<string, string>> = {
  'diffusion_models/z_image_turbo_bf16.safetensors': 'tiny_z_image',
  'diffusion_models/flux1-dev.safetensors': 'tiny_flux_dev',
  'diffusion_models/flux1-schnell.safetensors': 'tiny_flux_schnell',
  'text_encoders/qwen_3_4b.safetensors': 'tiny_qwen3_4b',
  'text_encoders/clip_l.safetensors': 'tiny_clip_l',
  'text_encoders/t5xxl_fp16.safetensors': 'tiny_t5xxl',
  'vae/ae.safetensors': 'tiny_ae',
};

/** Puts the tiny models into a models folder, under the names of the examples' files. */
export function linkFlowModels(models: string): void {
  for (const [path, fixture] of Object.entries(FILES)) {
    mkdirSync(dirname(join(models, path)), { recursive: true });
    symlinkSync(fixtureModel(fixture), join(models, path));
  }
}
