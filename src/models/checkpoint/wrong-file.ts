// The error for a model file of the wrong kind: it says what the file is and where it belongs.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { ModelFile } from '../../formats/identify/identified-model.ts';

const KINDS: Readonly<
  Record<Exclude<ModelFile['kind'], 'unknown'>, { readonly name: string; readonly hint: string }>
> = {
  checkpoint: {
    name: 'a checkpoint',
    hint: 'It belongs in the folder checkpoints; load it with CheckpointLoaderSimple.',
  },
  'diffusion-model': {
    name: 'a diffusion model only',
    hint: 'It belongs in the folder diffusion_models; load it with UNETLoader.',
  },
  'text-encoder': {
    name: 'a text encoder only',
    hint:
      'It belongs in the folder text_encoders; load it with CLIPLoader, or both of a pair with ' +
      'DualCLIPLoader.',
  },
  'clip-vision': {
    name: 'a CLIP vision model',
    hint: 'It belongs in the folder clip_vision; load it with CLIPVisionLoader.',
  },
  vae: { name: 'a VAE', hint: 'It belongs in the folder vae; load it with VAELoader.' },
  taesd: {
    name: 'one half of a tiny autoencoder (TAESD)',
    hint:
      'Encoder and decoder belong in the folder vae_approx; VAELoader lists them as taesd, ' +
      'taesdxl, taesd3, taef1 or taef2.',
  },
  lora: { name: 'a LoRA', hint: 'It belongs in the folder loras; load it with LoraLoader.' },
  controlnet: {
    name: 'a ControlNet',
    hint: 'It belongs in the folder controlnet; load it with ControlNetLoader.',
  },
  upscaler: {
    name: 'an upscale model',
    hint: 'It belongs in the folder upscale_models; load it with UpscaleModelLoader.',
  },
  gligen: {
    name: 'a GLIGEN model',
    hint: 'It belongs in the folder gligen; load it with GLIGENLoader.',
  },
  photomaker: {
    name: 'a PhotoMaker model',
    hint: 'It belongs in the folder photomaker; load it with PhotoMakerLoader.',
  },
  style: {
    name: 'a style model',
    hint: 'It belongs in the folder style_models; load it with StyleModelLoader.',
  },
  'layer-control': {
    name: 'a ControlNet that acts inside of a transformer',
    hint: 'It belongs in the folder model_patches; load it with ModelPatchLoader.',
  },
  'style-projector': {
    name: 'the projector of USO',
    hint: 'It belongs in the folder model_patches; load it with ModelPatchLoader.',
  },
  embedding: {
    name: 'a textual inversion',
    hint: 'It belongs in the folder embeddings; name it in the prompt as embedding:NAME.',
  },
};

/** The layout of diffusers, of which nobody can tell whose latents its channels are. */
const WHOLE_TAESD = {
  name: 'a tiny autoencoder (TAESD) in the layout of diffusers',
  hint:
    'Get its original files, an encoder and a decoder, for the folder vae_approx; VAELoader ' +
    'lists them as taesd, taesdxl, taesd3, taef1 or taef2.',
};

const describe = (found: Exclude<ModelFile, { readonly kind: 'unknown' }>) =>
  found.kind === 'taesd' && found.part === 'both' ? WHOLE_TAESD : KINDS[found.kind];

/**
 * Returns the error for a file of another kind. `expected`: the expected kind, with its article;
 * `hint`: used for files of unknown kinds.
 */
export function wrongFile(
  file: string,
  expected: string,
  found: ModelFile,
  hint: string,
): DarkroomError {
  const actual = found.kind === 'unknown' ? { name: found.reason, hint } : describe(found);
  // a reason is a name ('an AuraFlow model') or a sentence about the tensors ('it has …')
  const separator = /^its? /.test(actual.name) ? ': ' : ' but ';
  return new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${basename(file)} is not ${expected}${separator}${actual.name}`,
    hint: actual.hint,
    file,
  });
}

const SCALE_NAME = /\.(scale_weight|scale_input|weight_scale|weight_scale_inv|input_scale)$/;

/**
 * Throws DR_MODEL_UNSUPPORTED for weights with scales beside them that are not recognised as those
 * of a known format (formats/quantised).
 */
export function rejectScaledFp8(file: string, tensors: ReadonlyMap<string, unknown>): void {
  const scale = [...tensors.keys()].find((name) => SCALE_NAME.test(name));
  if (scale === undefined) return;
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${basename(file)} contains scaled fp8 weights (${scale})`,
    hint: 'Use a version of the model in plain fp8, fp16, bf16 or fp32.',
    file,
  });
}
