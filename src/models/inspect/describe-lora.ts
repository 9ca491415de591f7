// Describes a LoRA file by its tensors: the model family, the kinds of its patches and their ranks.

type Tensors = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Kinds of patches by a tensor that identifies each, the more specific ones first. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/\.dora_scale$/, 'DoRA'],
  [/hada_w1_a$/, 'LoHa'],
  [/lokr_w1(_a)?$/, 'LoKr'],
  [/lora_mid\.weight$/, 'LoCon'],
  [/\.a1\.weight$/, 'GLoRA'],
  [/\.oft_blocks$/, 'OFT or BOFT'],
  [/(lora_down|lora\.down|lora_A|lora\.A)/, 'LoRA'],
  [/\.(diff|diff_b|w_norm)$/, 'differences'],
];
/** One tensor of each layer: the lower factor, from whose shape the rank is read. */
const DOWN =
  /(lora_down\.weight|lora\.down\.weight|lora_A(\.default)?(\.weight)?|hada_w1_b|lokr_w2_b|\.a1\.weight|oft_blocks)$/;
/** The key projections of cross-attention, whose width identifies the family. */
const KEYS = /attn2[._](processor[._])?to_k/;

/** Model families by the width of the prompt's features. */
export const BY_CONTEXT: Readonly<Record<number, string>> = {
  768: 'SD1.x',
  1024: 'SD2.x',
  2048: 'SDXL',
  1280: 'SDXL refiner',
};

/** The rank of a factor. GLoRA has it first or second; blocks of rotations have none. */
const rankOf = ([name, { shape }]: readonly [string, { readonly shape: readonly number[] }]) =>
  name.endsWith('oft_blocks')
    ? []
    : [name.endsWith('.a1.weight') ? Math.min(shape[0], shape[1]) : shape[0]];

/** Families that are not run here, by the names of layers that only their models have. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/double_blocks|single_blocks|single_transformer_blocks/, 'FLUX or a model built like it'],
  [/joint_blocks|(^|[._])transformer[._]transformer_blocks/, 'SD3 or another transformer'],
  [/blocks[._]\d+[._](self_attn|cross_attn)/, 'Wan or a video model built like it'],
  [/layers[._]\d+[._](attention|feed_forward)[._]/, 'Lumina or Z-Image'],
];

/** Returns the family of models that a LoRA was made for; undefined if it is not recognised. */
export function loraFamily(tensors: Tensors): string | undefined {
  const names = [...tensors.keys()];
  const [, foreign] = FOREIGN.find(([pattern]) => names.some((name) => pattern.test(name))) ?? [];
  return foreign ?? familyByWidth([...tensors]);
}

function familyByWidth(
  tensors: readonly (readonly [string, { readonly shape: readonly number[] }])[],
): string | undefined {
  const [name, { shape }] = tensors.find(
    ([name, { shape }]) => DOWN.test(name) && KEYS.test(name) && shape.length === 2,
  ) ?? ['', { shape: [] }];
  return BY_CONTEXT[name.endsWith('.a1.weight') ? Math.max(...shape) : shape[1]];
}

/**
 * Returns a description such as `SDXL, LoRA of rank 16, 722 layers, for UNet and text encoders`.
 */
export function describeLora(tensors: Tensors): string {
  const downs = [...tensors].filter(([name]) => DOWN.test(name));
  const kinds = KINDS.filter(([pattern]) =>
    [...tensors.keys()].some((name) => pattern.test(name)),
  ).map(([, kind]) => kind);
  const ranks = [...new Set(downs.flatMap(rankOf))].sort((a, b) => a - b);
  const encoders = [...tensors.keys()].some((name) =>
    /^(lora_te|text_encoder|text_model|lora_prior_te)/.test(name),
  );
  const unet = [...tensors.keys()].some((name) =>
    /^(lora_unet|unet\.|diffusion_model\.|lycoris_|down_blocks|mid_block|up_blocks)/.test(name),
  );
  const rank =
    ranks.length === 0
      ? ''
      : ` of rank ${ranks.length === 1 ? ranks[0] : `${ranks[0]} to ${ranks.at(-1)}`}`;
  const targets = [unet && 'UNet', encoders && 'text encoders'].filter(Boolean).join(' and ');
  return [
    familyByWidth(downs),
    `${kinds.join(' and ') || 'changes'}${rank}`,
    downs.length > 0 && `${downs.length} layers`,
    targets && `for ${targets}`,
  ]
    .filter(Boolean)
    .join(', ');
}
