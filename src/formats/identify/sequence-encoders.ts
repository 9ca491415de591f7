// Recognises the text encoders beside CLIP (comfy.sd detect_te_model): T5-XXL, Pile-T5-XL, Qwen3,
// Qwen2.5-VL, Qwen3-VL, Gemma 2, Mistral Small 3 and Llama 3 8B, in files of their own and in
// all-in-one checkpoints.
import type { TensorInfo } from '../tensor-file.ts';
import type { EncoderPart, SequencePart } from './identified-model.ts';

type Tensors = ReadonlyMap<string, TensorInfo>;

/** A text encoder under a prefix: which one it is, or for the user the name of an unsupported one. */
type Found = { readonly kind: SequencePart['kind'] } | { readonly unsupported: string };

const T5_BLOCK = 'encoder.block.';
const LAYER = 'model.layers.';

/** The rows of `wi_1` in T5-XXL and Pile-T5-XL, and in small models for tests. */
const T5_XXL_ROWS = [10_240, 64];
const PILE_T5_XL_ROWS = [5120, 64];

/** Qwen3 by width; small models for tests are 32 wide, and known by their layers. */
const QWEN3: ReadonlyMap<number, SequencePart['kind']> = new Map([
  [2560, 'qwen3_4b'],
  [4096, 'qwen3_8b'],
  [1024, 'qwen3_06b'],
  // the language model of small Qwen3-VLs
  [48, 'qwen3_4b'],
]);
const SMALL_WIDTH = 32;
const SMALL_QWEN3_4B_LAYER = 29;

/** What only Qwen3-VL has, and its sizes by the width of the tokens that it sees. */
const QWEN3_VL = 'model.visual.deepstack_merger_list.0.norm.weight';
const QWEN3_VL_TOKENS = 'model.visual.merger.linear_fc2.weight';
const QWEN3_VL_SIZES: ReadonlyMap<number | undefined, SequencePart['kind']> = new Map([
  [2560, 'qwen3vl_4b'],
  [4096, 'qwen3vl_8b'],
  // small models for tests
  [48, 'qwen3vl_4b'],
  [32, 'qwen3vl_8b'],
]);

/** The width of the keys of Qwen2.5-VL 7B, and of small models for tests. */
const QWEN25_7B_KEYS = [512, 32];

/** Gemma 2 2B, and small models for tests. */
const GEMMA2_WIDTHS = [2304, 40];

/** Mistral Small 3, and small models for tests. */
const MISTRAL3_WIDTHS = [5120, 48];

/** Llama 3 8B, and small models for tests. */
const LLAMA3_WIDTHS = [4096, 16];

/** Recognises a text encoder whose names begin with `prefix`. */
export function sequenceEncoder(tensors: Tensors, prefix = ''): Found | undefined {
  const shape = (name: string): readonly number[] | undefined => tensors.get(prefix + name)?.shape;
  const t5 = shape(`${T5_BLOCK}23.layer.1.DenseReluDense.wi_1.weight`);
  if (t5) {
    const biasInEach = `${T5_BLOCK}1.layer.0.SelfAttention.relative_attention_bias.weight`;
    if (shape(biasInEach))
      return PILE_T5_XL_ROWS.includes(t5[0])
        ? { kind: 'pile_t5xl' }
        : { unsupported: 'a T5 text encoder of Wan (UMT5)' };
    return T5_XXL_ROWS.includes(t5[0])
      ? { kind: 't5xxl' }
      : { unsupported: 'a T5 text encoder of another size than XXL' };
  }
  if (shape(QWEN3_VL)) {
    const kind = QWEN3_VL_SIZES.get(shape(QWEN3_VL_TOKENS)?.[0]);
    return kind
      ? { kind }
      : { unsupported: 'a Qwen3-VL text encoder of another size than 4B and 8B' };
  }
  const width = shape(`${LAYER}0.post_attention_layernorm.weight`)?.[0];
  if (width === undefined) return undefined;
  if (shape(`${LAYER}0.post_feedforward_layernorm.weight`))
    return !shape(`${LAYER}0.self_attn.q_norm.weight`) && GEMMA2_WIDTHS.includes(width)
      ? { kind: 'gemma2_2b' }
      : { unsupported: 'a Gemma text encoder of another kind than Gemma 2 2B' };
  const keys = shape(`${LAYER}0.self_attn.k_proj.bias`)?.[0];
  if (keys !== undefined)
    return QWEN25_7B_KEYS.includes(keys)
      ? { kind: 'qwen25_7b' }
      : { unsupported: 'a Qwen2.5-VL text encoder of another size than 7B' };
  if (!shape(`${LAYER}0.self_attn.q_norm.weight`)) {
    if (LLAMA3_WIDTHS.includes(width)) return { kind: 'llama3_8b' };
    return MISTRAL3_WIDTHS.includes(width)
      ? { kind: 'mistral3_24b' }
      : { unsupported: 'a Llama text encoder of another size than 8B' };
  }
  const small = shape(`${LAYER}${SMALL_QWEN3_4B_LAYER}.input_layernorm.weight`)
    ? 'qwen3_4b'
    : 'qwen3_06b';
  const kind = width === SMALL_WIDTH ? small : QWEN3.get(width);
  return kind ? { kind } : { unsupported: `a Qwen3 text encoder of width ${width}` };
}

/** Where all-in-one checkpoints of flow models have their text encoders. */
export const ALL_IN_ONE = 'text_encoders.';

/** The kinds of sequence encoders that all-in-one checkpoints contain under their names. */
const SEQUENCE_KINDS = [
  't5xxl',
  'pile_t5xl',
  'gemma2_2b',
  'qwen3_4b',
  'qwen3_8b',
  'qwen3_06b',
  'qwen25_7b',
  'qwen3vl_4b',
  'qwen3vl_8b',
  'mistral3_24b',
] as const;

/**
 * Returns the text encoders of an all-in-one checkpoint of a flow model: those below
 * `text_encoders.<kind>.transformer.`, CLIP-L, CLIP-G, then the others.
 */
export function allInOneEncoders(tensors: Tensors): EncoderPart[] {
  const prefixOf = (kind: EncoderPart['kind']): string => `${ALL_IN_ONE}${kind}.transformer.`;
  const clips = (['clip_l', 'clip_g'] as const).flatMap((kind): EncoderPart[] => {
    const prefix = `${prefixOf(kind)}text_model.`;
    return tensors.has(`${prefix}final_layer_norm.weight`)
      ? [{ kind, layout: 'hugging-face', prefix, hasProjection: true }]
      : [];
  });
  const sequences = SEQUENCE_KINDS.flatMap((kind): EncoderPart[] => {
    const prefix = prefixOf(kind);
    const found = sequenceEncoder(tensors, prefix);
    return found && 'kind' in found
      ? [{ kind, prefix, vocabulary: ALL_IN_ONE + vocabularyOf(kind) }]
      : [];
  });
  return [...clips, ...sequences];
}

/**
 * The tensor with the bytes of a SentencePiece model, or of a tekken.json, in a file of one text
 * encoder.
 */
export const vocabularyOf = (kind: SequencePart['kind']): string =>
  kind === 'mistral3_24b' ? 'tekken_model' : 'spiece_model';
