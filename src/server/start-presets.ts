// What a picture from text is made with, for each family of models: the settings, loaders and nodes
// of the official template of ComfyUI for it.
import type { EncoderPart, Family } from '../formats/identify/identified-model.ts';

export interface NodeTemplate {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A file, by what it is; `usual` is the name under which it is published. */
export interface UsualFile {
  readonly usual: string;
}

export interface EncoderFile extends UsualFile {
  readonly kind: EncoderPart['kind'];
}

export interface EncoderLoader extends NodeTemplate {
  readonly files: readonly EncoderFile[];
}

export interface VaeFile extends UsualFile {
  /** The channels that its decoder takes. */
  readonly latentChannels: 4 | 16 | 32 | 64;
  /** It is Wan's, which also encodes videos. */
  readonly isVideo?: boolean;
  /** What tells its name from those of other families with as many channels. */
  readonly name: RegExp;
}

export interface StartSettings {
  readonly side: number;
  readonly steps: number;
  readonly cfg: number;
  readonly sampler: string;
  readonly scheduler: string;
  /** The negative prompt: a text, or the positive one with zeros in place of its numbers. */
  readonly negative: 'text' | 'zeros';
  /** Of FluxGuidance. */
  readonly guidance?: number;
}

export interface StartPreset extends StartSettings {
  readonly latent: string;
  /** Loads text encoders where the model's file has none. */
  readonly encoders: EncoderLoader;
  /** Where the model's file has none. */
  readonly vae: VaeFile;
  /** Between text encoder and prompts. */
  readonly tokenizer?: NodeTemplate;
  /** Encodes prompts; its input `prompt` takes the text. */
  readonly encode: NodeTemplate & { readonly prompt: string };
  /** Between model and sampler. */
  readonly modelSampling?: NodeTemplate;
  /** The inputs of a transformer's first layer where it takes nothing beside the latent. */
  readonly latentInputs?: number;
  /** What models of the family have that only the names of their files tell apart. */
  readonly variants?: readonly {
    readonly name: RegExp;
    readonly settings: Partial<StartSettings>;
    readonly encoders?: EncoderLoader;
  }[];
}

/** The settings of ComfyUI's default workflow. */
const UNET_SETTINGS: StartSettings = {
  side: 512,
  steps: 20,
  cfg: 8,
  sampler: 'euler',
  scheduler: 'normal',
  negative: 'text',
};

const CLIP_TEXT = { class_type: 'CLIPTextEncode', inputs: {}, prompt: 'text' } as const;
const CLIP_L: EncoderFile = { kind: 'clip_l', usual: 'clip_l.safetensors' };
const CLIP_G: EncoderFile = { kind: 'clip_g', usual: 'clip_g.safetensors' };
const T5: EncoderFile = { kind: 't5xxl', usual: 't5xxl_fp16.safetensors' };

const oneEncoder = (type: string, file: EncoderFile): EncoderLoader => ({
  class_type: 'CLIPLoader',
  inputs: { type },
  files: [file],
});
const twoEncoders = (type: string, ...files: readonly EncoderFile[]): EncoderLoader => ({
  class_type: 'DualCLIPLoader',
  inputs: { type },
  files,
});
const shift = (value: number): NodeTemplate => ({
  class_type: 'ModelSamplingAuraFlow',
  inputs: { shift: value },
});

const UNET = {
  ...UNET_SETTINGS,
  latent: 'EmptyLatentImage',
  encode: CLIP_TEXT,
  vae: {
    latentChannels: 4,
    usual: 'vae-ft-mse-840000-ema-pruned.safetensors',
    name: /sd[_-]?1|ema/i,
  },
} as const;
const XL = {
  ...UNET,
  side: 1024,
  vae: { latentChannels: 4, usual: 'sdxl_vae.safetensors', name: /xl/i },
} as const;

/** The encoders of FLUX.2 klein 9B, and of dev. */
const QWEN3_8B: EncoderFile = { kind: 'qwen3_8b', usual: 'qwen_3_8b_fp8mixed.safetensors' };
const MISTRAL3: EncoderFile = {
  kind: 'mistral3_24b',
  usual: 'mistral_3_small_flux2_bf16.safetensors',
};

const FLOW = {
  ...UNET_SETTINGS,
  side: 1024,
  scheduler: 'simple',
  latentInputs: 64,
  latent: 'EmptySD3LatentImage',
  encode: CLIP_TEXT,
  vae: { latentChannels: 16, usual: 'ae.safetensors', name: /(^|\/)ae\b|flux/i },
} as const;
const WAN_VAE: VaeFile = {
  latentChannels: 16,
  isVideo: true,
  usual: 'qwen_image_vae.safetensors',
  name: /qwen|wan/i,
};
const FLUX = { ...FLOW, cfg: 1, negative: 'zeros' } as const;
const FLUX_ENCODERS = twoEncoders('flux', CLIP_L, T5);
const FLUX2_9B = oneEncoder('flux2', QWEN3_8B);
/** Klein before its distillation. */
const BASE = { steps: 20, cfg: 5, negative: 'text' } as const;

export const START_PRESETS: Readonly<Record<Family, StartPreset>> = {
  sd1: { ...UNET, encoders: oneEncoder('stable_diffusion', CLIP_L) },
  sd2: {
    ...UNET,
    encoders: oneEncoder('stable_diffusion', { kind: 'clip_h', usual: 'clip_h.safetensors' }),
  },
  sdxl: { ...XL, encoders: twoEncoders('sdxl', CLIP_L, CLIP_G) },
  'sdxl-refiner': { ...XL, encoders: oneEncoder('stable_diffusion', CLIP_G) },
  sd3: {
    ...FLOW,
    ...{ cfg: 4.01, scheduler: 'sgm_uniform' },
    encoders: { class_type: 'TripleCLIPLoader', inputs: {}, files: [CLIP_L, CLIP_G, T5] },
    vae: { latentChannels: 16, usual: 'sd3_vae.safetensors', name: /sd_?3/i },
    variants: [{ name: /turbo/i, settings: { steps: 4, cfg: 1 } }],
  },
  flux: {
    ...FLUX,
    guidance: 3.5,
    encoders: FLUX_ENCODERS,
    variants: [{ name: /kontext/i, settings: { guidance: 2.5 } }],
  },
  'flux-schnell': { ...FLUX, steps: 4, encoders: FLUX_ENCODERS },
  flux2: {
    ...FLUX,
    steps: 4,
    latent: 'EmptyFlux2LatentImage',
    latentInputs: 128,
    encoders: oneEncoder('flux2', { kind: 'qwen3_4b', usual: 'qwen_3_4b.safetensors' }),
    vae: { latentChannels: 32, usual: 'flux2-vae.safetensors', name: /flux-?2/i },
    variants: [
      { name: /klein[_-]base[_-]9b/i, settings: BASE, encoders: FLUX2_9B },
      { name: /klein[_-]9b/i, settings: {}, encoders: FLUX2_9B },
      { name: /klein[_-]base/i, settings: BASE },
      {
        name: /dev/i,
        settings: { steps: 20, guidance: 4 },
        encoders: oneEncoder('flux2', MISTRAL3),
      },
    ],
  },
  'longcat-image': {
    ...FLOW,
    ...{ steps: 20, cfg: 4 },
    encoders: oneEncoder('longcat_image', {
      kind: 'qwen25_7b',
      usual: 'qwen_2.5_vl_7b_fp8_scaled.safetensors',
    }),
  },
  chroma: {
    ...FLOW,
    ...{ steps: 26, cfg: 3.5, scheduler: 'beta' },
    encoders: oneEncoder('chroma', T5),
    tokenizer: { class_type: 'T5TokenizerOptions', inputs: { min_padding: 0, min_length: 0 } },
    modelSampling: shift(1),
  },
  lumina2: {
    ...FLOW,
    ...{ steps: 25, cfg: 4, sampler: 'res_multistep' },
    encoders: oneEncoder('lumina2', { kind: 'gemma2_2b', usual: 'gemma_2_2b_fp16.safetensors' }),
    encode: {
      class_type: 'CLIPTextEncodeLumina2',
      inputs: { system_prompt: 'superior' },
      prompt: 'user_prompt',
    },
    modelSampling: shift(6),
  },
  'z-image': {
    ...FLOW,
    ...{ steps: 8, cfg: 1, sampler: 'res_multistep', negative: 'zeros' },
    encoders: oneEncoder('lumina2', { kind: 'qwen3_4b', usual: 'qwen_3_4b.safetensors' }),
    modelSampling: shift(3),
    variants: [
      // the model that turbo was distilled from
      {
        name: /z[_-]?image[_-](base|bf16|fp8|int8|q\d)/i,
        settings: { steps: 25, cfg: 4, negative: 'text' },
      },
    ],
  },
  'qwen-image': {
    ...FLOW,
    ...{ side: 1328, cfg: 2.5 },
    encoders: oneEncoder('qwen_image', {
      kind: 'qwen25_7b',
      usual: 'qwen_2.5_vl_7b_fp8_scaled.safetensors',
    }),
    vae: WAN_VAE,
    modelSampling: shift(3.1),
  },
  hidream: {
    ...FLOW,
    ...{ steps: 50, cfg: 5, sampler: 'uni_pc' },
    encoders: {
      class_type: 'QuadrupleCLIPLoader',
      inputs: {},
      files: [
        { ...CLIP_L, usual: 'clip_l_hidream.safetensors' },
        { ...CLIP_G, usual: 'clip_g_hidream.safetensors' },
        { ...T5, usual: 't5xxl_fp8_e4m3fn_scaled.safetensors' },
        { kind: 'llama3_8b', usual: 'llama_3.1_8b_instruct_fp8_scaled.safetensors' },
      ],
    },
    modelSampling: { class_type: 'ModelSamplingSD3', inputs: { shift: 3 } },
    variants: [
      {
        name: /dev/i,
        settings: { steps: 28, cfg: 1, sampler: 'lcm', scheduler: 'normal' },
      },
      {
        name: /fast/i,
        settings: { steps: 16, cfg: 1, sampler: 'lcm', scheduler: 'normal' },
      },
    ],
  },
  auraflow: {
    ...XL,
    ...{ cfg: 3.48, scheduler: 'sgm_uniform' },
    encoders: oneEncoder('stable_diffusion', {
      kind: 'pile_t5xl',
      usual: 'pile_t5xl.safetensors',
    }),
  },
  'qwen-image-21': {
    ...FLOW,
    ...{ steps: 25, cfg: 1, latent: 'EmptyLatentImage' },
    encoders: oneEncoder('qwen_image', {
      kind: 'qwen3vl_8b',
      usual: 'qwen3vl_8b_int8_convrot.safetensors',
    }),
    vae: {
      latentChannels: 64,
      usual: 'qwen_image_2.1_vae_bf16.safetensors',
      name: /qwen[_-]?image[_-]?2[._]1/i,
    },
  },
  krea2: {
    ...FLOW,
    ...{ steps: 8, cfg: 1, negative: 'zeros', latent: 'EmptyLatentImage' },
    encoders: oneEncoder('krea2', {
      kind: 'qwen3vl_4b',
      usual: 'qwen3vl_4b_fp8_scaled.safetensors',
    }),
    vae: WAN_VAE,
  },
  anima: {
    ...FLOW,
    ...{ steps: 30, cfg: 4, latent: 'EmptyLatentImage' },
    encoders: oneEncoder('stable_diffusion', {
      kind: 'qwen3_06b',
      usual: 'qwen_3_06b_base.safetensors',
    }),
    vae: WAN_VAE,
    variants: [{ name: /preview/i, settings: { sampler: 'er_sde' } }],
  },
};
