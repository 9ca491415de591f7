// A CLIP text encoder: chunks of tokens to hidden states and a pooled output.
import type { Tensor } from '../../tensor/tensor.ts';
import type { ChangedNetwork, PatchTargets, WeightChange } from '../weights/changes.ts';
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

/** The weights of a text encoder as its file lays them out, with their changes. */
export interface EncoderBase extends ChangedNetwork {
  readonly layout: ClipLayout;
  /** Blended into the token table, in this order. */
  readonly blended: readonly TokenBlend[];
}

/** A share of another encoder's token table that is added to a share of the encoder's own. */
export interface TokenBlend {
  readonly ownShare: number;
  readonly otherShare: number;
  /** Absent where the other table has another shape; then only the own share counts. */
  readonly rows?: (ids: readonly number[]) => Promise<Float32Array>;
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
  /** The weights that LoRAs may change, by Hugging Face's names; absent where there are none. */
  readonly patchable?: PatchTargets;
  /** Its weights with their changes; absent where there are none. */
  readonly base?: EncoderBase;
  /**
   * Returns this encoder with more changes. `blended`: what these changes blend into the token
   * table, in order.
   */
  withChanges?(changes: readonly WeightChange[], blended?: readonly TokenBlend[]): TextEncoder;
  /** Returns rows of its token table one after another, blended but not rounded after that. */
  tokenRows?(ids: readonly number[]): Promise<Float32Array>;
  /** Encodes chunks of `length` slots each. */
  encode(
    chunks: readonly (readonly TokenSlot[])[],
    options: EncodeOptions,
  ): Promise<TextEncoderOutput>;
}
