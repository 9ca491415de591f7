// The family of models that a LoRA was made for, by the names of the layers that it changes and by
// their widths.
import { FAMILY_NAMES, type Family } from '../../formats/identify/identified-model.ts';

type Tensors = ReadonlyMap<string, { readonly shape: readonly number[] }>;

export interface LoraFamily {
  /** What messages call it: `FLUX.1`. */
  readonly name: string;
  /** The families whose models it fits; none for those that are not run here. */
  readonly families: readonly Family[];
  /** Whether the models are diffusion transformers. */
  readonly isTransformer: boolean;
}

/** One tensor of each layer: the lower factor, from whose shape rank and width are read. */
export const DOWN =
  /(lora_down\.weight|lora\d?\.down\.weight|lora_A(\.default)?(\.weight)?|hada_w1_b|lokr_w2_b|\.a1\.weight|oft_blocks)$/;

/** Model families by the width of the prompt's features. */
export const BY_CONTEXT: Readonly<Record<number, string>> = {
  768: FAMILY_NAMES.sd1,
  1024: FAMILY_NAMES.sd2,
  2048: FAMILY_NAMES.sdxl,
  1280: FAMILY_NAMES['sdxl-refiner'],
};

/** The key projections of cross-attention of UNets, whose width identifies the family. */
const KEYS = /attn2[._](processor[._])?to_k/;

/** `transformer_blocks` of a transformer; UNets have some inside of their blocks. */
const BLOCKS =
  /^((lora_unet|lora_transformer|lycoris)_|(transformer|diffusion_model|base_model\.model)\.)?transformer_blocks[._]/;
const ATTENTION = /attn[._]|attention[._]/;
/** Factors with the inputs of their layer. */
const INPUTS = /lora_|lora\d?\.|hada_/;

interface Transformers {
  /** Layers that only their models have. */
  readonly layers: RegExp;
  /** The widths of a token, where these tell models with such layers apart. */
  readonly widths?: readonly number[];
  /** What else tells them apart. */
  readonly fits?: (tensors: Tensors) => boolean;
  readonly name: string;
  readonly families: readonly Family[];
}

const FLUX: readonly Family[] = ['flux', 'flux-schnell'];
const FLUX_OR_CHROMA: readonly Family[] = [...FLUX, 'chroma'];
/** The widths of FLUX.2 klein 9B and dev; that of klein 4B is FLUX.1's. */
const FLUX2_WIDTHS = [4096, 6144];

/** FLUX's layers whose outputs are more in FLUX.2, and how many widths they are in FLUX.1. */
const WIDENED: readonly (readonly [layer: RegExp, outputs: number])[] = [
  [/single_blocks[._]\d+[._]linear1\./, 7],
  [/double_blocks[._]\d+[._](img|txt)_mlp[._]0\./, 4],
];
const UP = /(lora_up\.weight|lora\d?\.up\.weight|lora_B(\.default)?(\.weight)?)$/;

/** Whether layers that FLUX.1 has too are as wide as those of FLUX.2. */
const isWidened = (tensors: Tensors): boolean => {
  const width = widthOf(tensors);
  return [...tensors].some(([name, { shape }]) =>
    WIDENED.some(
      ([layer, outputs]) =>
        layer.test(name) && UP.test(name) && width !== undefined && shape[0] > outputs * width,
    ),
  );
};

const FLUX_BLOCKS = /double_blocks|single_blocks|single_transformer_blocks/;

/** The first that fits counts. */
const TRANSFORMERS: readonly Transformers[] = [
  { layers: /distilled_guidance_layer/, name: FAMILY_NAMES.chroma, families: ['chroma'] },
  {
    layers: /to_qkv_mlp_proj|(double|single)_stream_modulation/,
    name: FAMILY_NAMES.flux2,
    families: ['flux2'],
  },
  { layers: FLUX_BLOCKS, fits: isWidened, name: FAMILY_NAMES.flux2, families: ['flux2'] },
  {
    layers: /(img|txt)_mlp[._]net[._]|(img|txt)_mod[._]1[._]/,
    name: FAMILY_NAMES['qwen-image'],
    families: ['qwen-image'],
  },
  {
    layers: /img_mlp[._](gate_up|gate_layer|proj|out)[._]/,
    name: FAMILY_NAMES['qwen-image-21'],
    families: ['qwen-image-21'],
  },
  {
    layers: /joint_transformer_blocks|double_layers[._]\d/,
    name: FAMILY_NAMES.auraflow,
    families: ['auraflow'],
  },
  {
    layers: /attn[._]to_gate|attn[._](w[qkvo]|gate)[._]|text_fusion|txtfusion/,
    name: FAMILY_NAMES.krea2,
    families: ['krea2'],
  },
  {
    layers:
      /(img|txt)_mod[._]lin|modulation[._]lin|norm1(_context)?[._]linear|vector_in|guidance_in/,
    name: FAMILY_NAMES.flux,
    families: FLUX,
  },
  {
    layers: FLUX_BLOCKS,
    widths: FLUX2_WIDTHS,
    name: FAMILY_NAMES.flux2,
    families: ['flux2'],
  },
  {
    layers: FLUX_BLOCKS,
    name: `${FAMILY_NAMES.flux} or ${FAMILY_NAMES.chroma}`,
    families: FLUX_OR_CHROMA,
  },
  { layers: /joint_blocks/, name: FAMILY_NAMES.sd3, families: ['sd3'] },
  {
    layers: new RegExp(`${BLOCKS.source}\\d+[._]attn2[._]`),
    name: FAMILY_NAMES.sd3,
    families: ['sd3'],
  },
  { layers: BLOCKS, widths: [1536, 2432], name: FAMILY_NAMES.sd3, families: ['sd3'] },
  {
    layers: BLOCKS,
    widths: [3072],
    name: `${FAMILY_NAMES.flux} or ${FAMILY_NAMES['qwen-image']}`,
    families: [...FLUX_OR_CHROMA, 'qwen-image'],
  },
  {
    layers: BLOCKS,
    widths: [4096],
    name: `${FAMILY_NAMES['qwen-image-21']} or ${FAMILY_NAMES.flux2}`,
    families: ['qwen-image-21', 'flux2'],
  },
  {
    layers: BLOCKS,
    widths: [6144],
    name: `${FAMILY_NAMES.flux2} or ${FAMILY_NAMES.krea2}`,
    families: ['flux2', 'krea2'],
  },
  {
    layers: BLOCKS,
    name: `${FAMILY_NAMES.sd3} or another transformer`,
    families: ['sd3', ...FLUX_OR_CHROMA, 'flux2', 'qwen-image', 'qwen-image-21', 'krea2'],
  },
  {
    layers: /llm_adapter|blocks[._]\d+[._](self_attn|cross_attn)[._](q_proj|output_proj)/,
    name: FAMILY_NAMES.anima,
    families: ['anima'],
  },
  {
    layers: /blocks[._]\d+[._](self_attn|cross_attn)/,
    name: 'Wan or a video model built like it',
    families: [],
  },
  {
    layers: /layers[._]\d+[._](attention|feed_forward)[._]/,
    widths: [3840],
    name: FAMILY_NAMES['z-image'],
    families: ['z-image'],
  },
  {
    layers: /layers[._]\d+[._](attention|feed_forward)[._]/,
    widths: [2304],
    name: FAMILY_NAMES.lumina2,
    families: ['lumina2'],
  },
  {
    layers: /(layers|refiner)[._]\d+[._](attention|feed_forward)[._]/,
    name: `${FAMILY_NAMES['z-image']} or ${FAMILY_NAMES.lumina2}`,
    families: ['z-image', 'lumina2'],
  },
];

/** Returns the family of models that a LoRA was made for; undefined if it is not recognised. */
export function loraFamily(tensors: Tensors): LoraFamily | undefined {
  const names = [...tensors.keys()];
  const width = widthOf(tensors);
  const found = TRANSFORMERS.find(
    ({ layers, widths, fits }) =>
      (!fits || fits(tensors)) &&
      (!widths || (width !== undefined && widths.includes(width))) &&
      names.some((name) => layers.test(name)),
  );
  if (found) return { ...found, isTransformer: true };
  const name = unetFamily(tensors);
  if (name === undefined) return undefined;
  const families = (Object.keys(FAMILY_NAMES) as Family[]).filter(
    (family) => FAMILY_NAMES[family] === name,
  );
  return { name, families, isTransformer: false };
}

/** The inputs of an attention's layer. */
const widthOf = (tensors: Tensors): number | undefined =>
  [...tensors].find(
    ([name, { shape }]) =>
      DOWN.test(name) && ATTENTION.test(name) && INPUTS.test(name) && shape.length === 2,
  )?.[1].shape[1];

function unetFamily(tensors: Tensors): string | undefined {
  const [name, { shape }] = [...tensors].find(
    ([name, { shape }]) => DOWN.test(name) && KEYS.test(name) && shape.length === 2,
  ) ?? ['', { shape: [] }];
  return BY_CONTEXT[name.endsWith('.a1.weight') ? Math.max(...shape) : shape[1]];
}
