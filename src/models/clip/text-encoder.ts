// A CLIP text encoder: chunks of tokens to hidden states and a pooled output.
import type { Tensor } from '../../tensor/tensor.ts';
import type { AppliedLora, Patch } from '../lora/patches.ts';
import type {
  ChangedNetwork,
  PatchTarget,
  PatchTargets,
  Rounded,
  WeightChange,
} from '../weights/changes.ts';
import type { ClipLayout } from './config.ts';

/** A position of a prompt: a token id, or a textual-inversion vector of the encoder's width. */
export type TokenSlot = number | Float32Array;

export interface TextEncoderOutput {
  /** The hidden state of the requested layer, [B, T, width]. */
  readonly hidden: Tensor;
  /**
   * The final-norm state at the first end token, times the text projection where the encoder has
   * one; [B, pooledWidth].
   */
  readonly pooled: Tensor;
}

/** The weights of a text encoder in its file's layout, and their changes. */
export interface EncoderBase extends ChangedNetwork {
  readonly layout: ClipLayout;
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

export interface EncodeOptions {
  /** The 0-based index of the block whose output is returned, or 'last'. */
  layer: number | 'last';
  /** Whether the final layer norm is applied to that output. */
  finalNorm: boolean;
  /** Whether the pooled output is multiplied by the text projection. */
  project: boolean;
}

export interface TextEncoder {
  readonly kind: 'clip_l' | 'clip_g' | 'clip_h';
  readonly width: number;
  readonly layers: number;
  /** Positions of a chunk (77). */
  readonly length: number;
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
  /** The token table, which is changed by `tokenChanges` alone. Absent without weights. */
  readonly tokenTable?: PatchTarget;
  /** Returns rows of the token table one after another: changed, not rounded after that. */
  tokenRows?(ids: readonly number[]): Promise<Float32Array>;
  /** Encodes chunks of `length` slots each. */
  encode(
    chunks: readonly (readonly TokenSlot[])[],
    options: EncodeOptions,
  ): Promise<TextEncoderOutput>;
}
