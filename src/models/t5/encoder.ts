// T5 as a text encoder.
import type { Runtime } from '../../runtime/runtime.ts';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import { createSequenceEncoder, type SequenceModel } from '../clip/sequence-encoder.ts';
import type { SequenceKind, TextEncoder } from '../clip/text-encoder.ts';
import type { Weights } from '../weights/tensors.ts';
import { hidingBias, relativeBuckets } from './buckets.ts';
import { T5_TOKENS, t5Config } from './config.ts';
import { t5Graph } from './graph.ts';

/**
 * Creates a T5 encoder. `unrounded`: the same weights in the type of their file, if they are
 * rounded. Throws DR_MODEL_UNSUPPORTED when tensors are missing.
 */
export const createT5 = (
  runtime: Runtime,
  kind: SequenceKind,
  weights: Weights,
  tokenizer: () => Tokenizer,
  unrounded?: Weights,
): TextEncoder =>
  createSequenceEncoder(runtime, {
    ...t5Model(kind, weights, tokenizer),
    unrounded: unrounded && t5Model(kind, unrounded, tokenizer),
  });

function t5Model(kind: SequenceKind, weights: Weights, tokenizer: () => Tokenizer): SequenceModel {
  const config = t5Config(weights);
  return {
    kind,
    weights,
    width: config.width,
    layers: config.layers,
    heads: config.heads,
    table: T5_TOKENS,
    tokenizer: async () => tokenizer(),
    graph: (changed, output) => t5Graph(changed, config, output),
    inputs: (length, { masks = [new Array(length).fill(1)] }) => ({
      buckets: relativeBuckets(length, config.buckets),
      hiding: hidingBias(masks, length),
    }),
  };
}
