// Describes a LoRA file by its tensors: the model family, the kinds of its patches and their ranks.
import { DOWN, loraFamily } from './lora-family.ts';

type Tensors = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Kinds of patches by a tensor that identifies each, the more specific ones first. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/\.dora_scale$/, 'DoRA'],
  [/hada_w1_a$/, 'LoHa'],
  [/lokr_w1(_a)?$/, 'LoKr'],
  [/lora_mid\.weight$/, 'LoCon'],
  [/\.a1\.weight$/, 'GLoRA'],
  [/\.oft_blocks$/, 'OFT or BOFT'],
  [/(lora_down|lora\d?\.down|lora_A|lora\.A)/, 'LoRA'],
  [/\.(diff|diff_b|w_norm)$/, 'differences'],
];
/** The rank of a factor. GLoRA has it first or second; blocks of rotations have none. */
const rankOf = ([name, { shape }]: readonly [string, { readonly shape: readonly number[] }]) =>
  name.endsWith('oft_blocks')
    ? []
    : [name.endsWith('.a1.weight') ? Math.min(shape[0], shape[1]) : shape[0]];

/** Names of layers of denoisers. */
const MODEL =
  /^(lora_(unet|transformer)|unet\.|diffusion_model\.|lycoris_|down_blocks|mid_block|up_blocks|(base_model\.model\.|transformer\.)?\w*(blocks|layers|refiner)\.|transformer\.)/;

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
  const family = loraFamily(tensors);
  const model = [...tensors.keys()].some((name) => MODEL.test(name));
  const modelName = family?.isTransformer ? 'transformer' : 'UNet';
  const rank =
    ranks.length === 0
      ? ''
      : ` of rank ${ranks.length === 1 ? ranks[0] : `${ranks[0]} to ${ranks.at(-1)}`}`;
  const targets = [model && modelName, encoders && 'text encoders'].filter(Boolean).join(' and ');
  return [
    family?.name,
    `${kinds.join(' and ') || 'changes'}${rank}`,
    downs.length > 0 && `${downs.length} layers`,
    targets && `for ${targets}`,
  ]
    .filter(Boolean)
    .join(', ');
}
