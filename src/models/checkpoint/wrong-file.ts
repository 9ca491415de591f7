// The error for a model file of the wrong kind: it says what the file is and where it belongs.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { ModelFile } from '../../formats/identify/identified-model.ts';

const KINDS: Readonly<
  Record<Exclude<ModelFile['kind'], 'unknown'>, readonly [what: string, hint: string]>
> = {
  checkpoint: [
    'a checkpoint',
    'It belongs in the folder checkpoints; load it with CheckpointLoaderSimple.',
  ],
  unet: [
    'a diffusion model (UNet) only',
    'It belongs in the folder diffusion_models; load it with UNETLoader.',
  ],
  'text-encoder': [
    'a text encoder only',
    'It belongs in the folder text_encoders; load it with CLIPLoader, or both of a pair with ' +
      'DualCLIPLoader.',
  ],
  'clip-vision': [
    'a CLIP vision model',
    'It belongs in the folder clip_vision; load it with CLIPVisionLoader.',
  ],
  vae: ['a VAE', 'It belongs in the folder vae; load it with VAELoader.'],
  taesd: [
    'one half of a tiny autoencoder (TAESD)',
    'Encoder and decoder belong in the folder vae_approx; VAELoader lists them as taesd or ' +
      'taesdxl.',
  ],
  lora: ['a LoRA', 'It belongs in the folder loras; load it with LoraLoader.'],
  controlnet: [
    'a ControlNet',
    'It belongs in the folder controlnet; load it with ControlNetLoader.',
  ],
  upscaler: [
    'an upscale model',
    'It belongs in the folder upscale_models; load it with UpscaleModelLoader.',
  ],
  embedding: [
    'a textual inversion',
    'It belongs in the folder embeddings; name it in the prompt as embedding:NAME.',
  ],
};

/**
 * Returns the error for a file of another kind. `expected`: what it should be, with its article;
 * `hint` is used for unknown files.
 */
export function wrongFile(
  file: string,
  expected: string,
  found: ModelFile,
  hint: string,
): DarkroomError {
  const [what, advice] = found.kind === 'unknown' ? [found.reason, hint] : KINDS[found.kind];
  // 'a FLUX model', or a sentence about its tensors
  const joined = /^its? /.test(what) ? ': ' : ' but ';
  return new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${basename(file)} is not ${expected}${joined}${what}`,
    hint: advice,
    file,
  });
}

const SCALES = /(^|\.)(scaled_fp8|scale_weight|scale_input|weight_scale|input_scale)$/;

/** Throws DR_MODEL_UNSUPPORTED for fp8 weights stored with scales beside them. */
export function rejectScaledFp8(file: string, tensors: ReadonlyMap<string, unknown>): void {
  const scale = [...tensors.keys()].find((name) => SCALES.test(name));
  if (scale === undefined) return;
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${basename(file)} holds scaled fp8 weights (${scale})`,
    hint: 'Use a version of the model in plain fp8, fp16, bf16 or fp32.',
    file,
  });
}
