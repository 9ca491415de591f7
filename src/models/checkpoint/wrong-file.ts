// What a file is that was given where another kind belongs: one sentence that names it, and where it belongs.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { ModelFile } from '../../formats/identify/identify.ts';

const KINDS: Readonly<
  Record<Exclude<ModelFile['kind'], 'unknown'>, readonly [what: string, place: string]>
> = {
  checkpoint: [
    'a checkpoint',
    'It belongs into the folder checkpoints; load it with CheckpointLoaderSimple.',
  ],
  unet: [
    'a diffusion model (UNet) alone',
    'It belongs into the folder diffusion_models; load it with UNETLoader.',
  ],
  'text-encoder': [
    'a text encoder alone',
    'It belongs into the folder text_encoders; load it with CLIPLoader, or with its partner by DualCLIPLoader.',
  ],
  'clip-vision': [
    'a CLIP vision model',
    'It belongs into the folder clip_vision; load it with CLIPVisionLoader.',
  ],
  vae: ['a VAE', 'It belongs into the folder vae; load it with VAELoader.'],
  taesd: [
    'a half of a tiny autoencoder (TAESD)',
    'Encoder and decoder belong into the folder vae_approx; VAELoader lists them as taesd or taesdxl.',
  ],
  lora: ['a LoRA', 'It belongs into the folder loras; load it with LoraLoader.'],
  controlnet: [
    'a ControlNet',
    'It belongs into the folder controlnet; load it with ControlNetLoader.',
  ],
  upscaler: [
    'an upscale model',
    'It belongs into the folder upscale_models; load it with UpscaleModelLoader.',
  ],
  embedding: [
    'a textual inversion',
    'It belongs into the folder embeddings; name it in the prompt as embedding:NAME.',
  ],
};

/** The error for a file of another kind. `wanted`: what it should be, with its article; `hint` is for files that nobody knows. */
export function wrongFile(
  file: string,
  wanted: string,
  found: ModelFile,
  hint: string,
): DarkroomError {
  const [what, place] = found.kind === 'unknown' ? [found.reason, hint] : KINDS[found.kind];
  // 'a FLUX model', or a sentence about its tensors
  const joined = /^its? /.test(what) ? ': ' : ' but ';
  return new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${basename(file)} is not ${wanted}${joined}${what}`,
    hint: place,
    file,
  });
}

const SCALES = /(^|\.)(scaled_fp8|scale_weight|scale_input|weight_scale|input_scale)$/;

/** Throws DR_MODEL_UNSUPPORTED for weights that are stored as 8 bits with factors beside them. */
export function refuseScaled(file: string, tensors: ReadonlyMap<string, unknown>): void {
  const scale = [...tensors.keys()].find((name) => SCALES.test(name));
  if (scale === undefined) return;
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${basename(file)} holds scaled fp8 weights (${scale})`,
    hint: 'Weights in plain fp8, fp16, bf16 and fp32 are supported; get the model in one of them.',
    file,
  });
}
