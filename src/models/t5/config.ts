// The sizes of T5's encoder, version 1.1 (Raffel et al. 2020): gated feed-forward layers, a relative
// position bias in the first block, or in each (UMT5).
import type { Weights } from '../weights/tensors.ts';

export interface T5Config {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** The width of a head. */
  readonly depth: number;
  /** Rows of the table of relative position biases. */
  readonly buckets: number;
}

export const T5_TOKENS = 'shared.weight';

/** Returns the prefix of a block's names. */
export const t5Block = (index: number): string => `encoder.block.${index}`;

/** Returns the name of a block's relative position biases [buckets, heads]. */
export const t5Bias = (index: number): string =>
  `${t5Block(index)}.layer.0.SelfAttention.relative_attention_bias.weight`;

/** Reads an encoder's sizes from its tensors. Throws DR_MODEL_UNSUPPORTED when some are missing. */
export function t5Config(weights: Weights): T5Config {
  const [buckets, heads] = weights.shape(t5Bias(0));
  const [inner] = weights.shape(`${t5Block(0)}.layer.0.SelfAttention.q.weight`);
  const [, width] = weights.shape(T5_TOKENS);
  let layers = 0;
  while (weights.has(`${t5Block(layers)}.layer.0.layer_norm.weight`)) layers++;
  return { width, layers, heads, depth: inner / heads, buckets };
}
