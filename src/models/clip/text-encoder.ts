// A text encoder: chunks of tokens to hidden states and a pooled output.
import type { SequencePart } from '../../formats/identify/identified-model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import type { AppliedLora, Patch } from '../lora/patches.ts';
import type {
  ChangedNetwork,
  PatchTarget,
  PatchTargets,
  Rounded,
  WeightChange,
} from '../weights/changes.ts';
import type { ClipKind } from './config.ts';

/**
 * The kinds of text encoders: CLIP-L, G and H, T5-XXL, Pile-T5-XL, Qwen3 in its sizes, Qwen2.5-VL,
 * Qwen3-VL, Gemma 2, Mistral Small 3 and Llama 3. The names are those of ComfyUI, which LoRAs and
 * textual inversions use too.
 */
export type EncoderKind = ClipKind | SequenceKind;

/** The encoders of whole prompts, which are not divided into chunks. */
export type SequenceKind = SequencePart['kind'];

/** A position of a prompt: a token id, or a textual-inversion vector of the encoder's width. */
export type TokenSlot = number | Float32Array;

export interface TextEncoderOutput {
  /** The hidden state of the requested layer, [B, T, width]. */
  readonly hidden: Tensor;
  /**
   * The final-norm state at the first end token, times the text projection where the encoder has
   * one; [B, pooledWidth]. Null for encoders that pool nothing.
   */
  readonly pooled: Tensor | null;
}

/** The weights of a text encoder in its file's layout, and their changes. */
export interface EncoderBase extends ChangedNetwork {
  /** The name of the token table in the file. */
  readonly table: string;
  /** The full name of the tensor with the bytes of its vocabulary, where it has one. */
  readonly vocabulary?: string;
  /** Applied to the token table, in this order. */
  readonly tokenChanges: readonly TokenChange[];
}

/** A change of the token table. */
export type TokenChange = TokenBlend | TokenPatch | TokenShift | Rounded;

/** A LoRA's change of the token table. */
export interface TokenPatch extends Omit<AppliedLora, 'patches'> {
  readonly patch: Patch;
}

/** Blends another encoder's token table into an encoder's own: the sum of a share of each. */
export interface TokenBlend {
  readonly ownShare: number;
  readonly otherShare: number;
  /**
   * Returns rows of the other table. Absent if the tables differ in shape: then the own share alone
   * is used.
   */
  readonly rows?: (ids: readonly number[]) => Promise<Float32Array>;
}

/** Moves a token table towards another encoder's: see Shift. */
export interface TokenShift {
  readonly strength: number;
  /** Returns rows of the other table. */
  readonly rows: (ids: readonly number[]) => Promise<Float32Array>;
}

/** The tokens of an image in a sequence: rows of columns, from a place on. */
export interface ImagePlace {
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
  /** What is added to them behind the first layers, [rows * columns, width] each. */
  readonly deepstack?: readonly Tensor[];
}

/** What an encoder sees of an image. */
export interface ImageTokens extends Omit<ImagePlace, 'start'> {
  /** One vector for each, [rows * columns, width]. */
  readonly tokens: Tensor;
}

export interface EncodeOptions {
  /** The 0-based index of the block whose output is returned, or 'last'. */
  layer: number | 'last';
  /**
   * The blocks, in ascending order, whose outputs are returned beside each other in place of the
   * one of `layer`. Only for encoders of sequences.
   */
  layers?: readonly number[];
  /** Whether the final layer norm is applied to that output; 'last': to that of the last block. */
  finalNorm: boolean | 'last';
  /** Whether the pooled output is multiplied by the text projection. */
  project: boolean;
  /** The images among the tokens of the first sequence. */
  images?: readonly ImagePlace[];
  /** For each sequence, which tokens are attended to (1) and which are padding (0). */
  masks?: readonly (readonly number[])[];
}

/** A CLIP encoder, which has chunks and a pooled output. */
export interface ClipEncoder extends TextEncoder {
  readonly kind: ClipKind;
  readonly length: number;
  encode(
    chunks: readonly (readonly TokenSlot[])[],
    options: EncodeOptions,
  ): Promise<TextEncoderOutput & { readonly pooled: Tensor }>;
}

export interface TextEncoder {
  readonly kind: EncoderKind;
  readonly width: number;
  readonly layers: number;
  /** Positions of a chunk (77). Absent where a prompt is one sequence of any length. */
  readonly length?: number;
  /**
   * Returns this encoder with its weights in the type of their file, where they are rounded to a
   * narrower one.
   */
  inFileType?(): TextEncoder;
  /** Returns the tokenizer of a sequence encoder. Throws for a file without a readable one. */
  tokenizer?(): Promise<Tokenizer>;
  /**
   * Returns the tokens of an image [1, H, W, 3] in 0..1. Absent for encoders of text alone. Throws
   * DR_MODEL_UNSUPPORTED for a file without the part that sees.
   */
  imageTokens?(image: Tensor): Promise<ImageTokens>;
  /** The weights that LoRAs may change, by Hugging Face's names. Absent without weights. */
  readonly patchable?: PatchTargets;
  /** The encoder's weights and their changes. Absent without weights. */
  readonly base?: EncoderBase;
  /**
   * Returns this encoder with more changes. `tokenChanges`: those of the token table, in order.
   */
  withChanges?(
    changes: readonly WeightChange[],
    tokenChanges?: readonly TokenChange[],
  ): TextEncoder;
  /**
   * The token table, which is changed by `tokenChanges` alone; `name` is Hugging Face's. Absent
   * without weights.
   */
  readonly tokenTable?: PatchTarget & { readonly name: string };
  /** Returns rows of the token table one after another: changed, not rounded after that. */
  tokenRows?(ids: readonly number[]): Promise<Float32Array>;
  /** Encodes chunks of `length` slots each, or sequences of any one length. */
  encode(
    chunks: readonly (readonly TokenSlot[])[],
    options: EncodeOptions,
  ): Promise<TextEncoderOutput>;
}
