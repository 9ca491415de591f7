// The kinds of model files and their parts.
import type { PredictionHint } from './prediction.ts';

export type UNetFamily = 'sdxl' | 'sdxl-refiner' | 'sd1' | 'sd2';

/** The families of diffusion transformers; FLUX.1 schnell samples otherwise than dev. */
export type TransformerFamily =
  | 'sd3'
  | 'flux'
  | 'flux-schnell'
  | 'flux2'
  | 'longcat-image'
  | 'chroma'
  | 'lumina2'
  | 'z-image'
  | 'qwen-image'
  | 'qwen-image-21'
  | 'auraflow'
  | 'krea2'
  | 'anima'
  | 'hidream';

export type Family = UNetFamily | TransformerFamily;

/** What messages call the families. */
export const FAMILY_NAMES: Readonly<Record<Family, string>> = {
  sd1: 'SD1.x',
  sd2: 'SD2.x',
  sdxl: 'SDXL',
  'sdxl-refiner': 'SDXL refiner',
  sd3: 'Stable Diffusion 3',
  flux: 'FLUX.1',
  'flux-schnell': 'FLUX.1 schnell',
  flux2: 'FLUX.2',
  'longcat-image': 'LongCat-Image',
  chroma: 'Chroma',
  lumina2: 'Lumina 2',
  'z-image': 'Z-Image',
  'qwen-image': 'Qwen-Image',
  'qwen-image-21': 'Qwen-Image 2.1',
  auraflow: 'AuraFlow',
  krea2: 'Krea 2',
  anima: 'Anima',
  hidream: 'HiDream-I1',
};

const names = Object.values(FAMILY_NAMES);

/** The families that run, as a sentence lists them. */
export const FAMILY_LIST = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** A diffusion model in a file. */
export interface DenoiserPart {
  /** The prefix of its tensor names; `''` when it is the whole file. */
  readonly prefix: string;
  /** Undefined for the layout of the original checkpoints. */
  readonly layout?: 'diffusers';
  /** Of a UNet: 4, or 9 for inpainting models. */
  readonly inChannels?: number;
  readonly prediction: PredictionHint;
}

export interface ClipPart {
  readonly kind: 'clip_l' | 'clip_g' | 'clip_h';
  readonly layout: 'hugging-face' | 'open-clip';
  /**
   * Before `embeddings.token_embedding.weight` (Hugging Face) or `token_embedding.weight`
   * (open_clip).
   */
  readonly prefix: string;
  /** Whether the text projection is beside `text_model.` (all-in-one checkpoints). */
  readonly hasProjection?: boolean;
}

/** A text encoder that reads a prompt as one sequence. */
export interface SequencePart {
  readonly kind:
    | 't5xxl'
    | 'pile_t5xl'
    | 'qwen3_4b'
    | 'qwen3_8b'
    | 'qwen3_06b'
    | 'qwen25_7b'
    | 'qwen3vl_4b'
    | 'qwen3vl_8b'
    | 'gemma2_2b'
    | 'mistral3_24b'
    | 'llama3_8b';
  /** Before `shared.weight` (T5) or `model.embed_tokens.weight`. */
  readonly prefix: string;
  /** The tensor with the bytes of a vocabulary, for encoders that carry their own. */
  readonly vocabulary: string;
}

export type EncoderPart = ClipPart | SequencePart;

/** A vision model: CLIP's in either layout, or SigLIP. */
export interface VisionPart {
  readonly layout: ClipPart['layout'] | 'siglip';
  readonly prefix: string;
}

export interface VaePart {
  /** `wan-image`: in the layout of Wan 2.2, for pictures alone. */
  readonly kind: 'kl' | 'taesd' | 'wan' | 'wan-image';
  /** Undefined for the layout of the original checkpoints. */
  readonly layout?: 'diffusers';
  /** Before `encoder.`/`decoder.` (KL, Wan) or `taesd_encoder.`/`taesd_decoder.`. */
  readonly prefix: string;
}

/**
 * ControlNets of SD3, FLUX.1 and Qwen-Image in the layout of diffusers, of SD3.5 as Stability
 * published them, and of FLUX.1 as XLabs and Mistoline did.
 */
export type TransformerControlLayout =
  | 'sd3'
  | 'sd35'
  | 'flux'
  | 'flux-xlabs'
  | 'flux-mistoline'
  | 'qwen';

export type ModelFile =
  | {
      readonly kind: 'checkpoint';
      readonly family: Family;
      readonly has: { readonly unet: boolean; readonly clip: boolean; readonly vae: boolean };
      readonly denoiser: DenoiserPart;
      /** In ComfyUI's order: CLIP-L before CLIP-G. */
      readonly clips: readonly EncoderPart[];
      readonly vae?: VaePart;
    }
  | { readonly kind: 'diffusion-model'; readonly family: Family; readonly denoiser: DenoiserPart }
  | { readonly kind: 'text-encoder'; readonly clip: EncoderPart }
  | ({ readonly kind: 'clip-vision' } & VisionPart)
  | { readonly kind: 'vae'; readonly vae: VaePart }
  | { readonly kind: 'taesd'; readonly part: 'encoder' | 'decoder' | 'both' }
  | { readonly kind: 'lora'; readonly naming: 'kohya' | 'diffusers' | 'other' }
  | {
      readonly kind: 'controlnet';
      readonly layout: 'sgm' | 'diffusers' | 'lora' | 't2i' | TransformerControlLayout;
      readonly prefix: string;
    }
  | {
      readonly kind: 'upscaler';
      readonly architecture: 'esrgan' | 'srvgg';
      readonly naming: 'old' | 'new' | 'bsrgan';
    }
  | { readonly kind: 'gligen' }
  | { readonly kind: 'photomaker'; readonly prefix: string }
  | { readonly kind: 'layer-control'; readonly model: 'Z-Image' | 'Qwen-Image' }
  | { readonly kind: 'style-projector' }
  | { readonly kind: 'style'; readonly architecture: 'adapter' | 'redux' }
  | { readonly kind: 'embedding'; readonly encoders: readonly string[] }
  /** `reason` says for the user what the file is; `isVae`: it is an unsupported autoencoder. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly isVae?: boolean };
