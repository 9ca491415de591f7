// Language models as text encoders.
import type { Runtime } from '../../runtime/runtime.ts';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import { createSequenceEncoder } from '../clip/sequence-encoder.ts';
import type { SequenceKind, TextEncoder } from '../clip/text-encoder.ts';
import { ropeInputs } from '../dit/rope.ts';
import type { Weights } from '../weights/tensors.ts';
import { LLM_NORM, LLM_TOKENS, llmConfig } from './config.ts';
import { llmGraph } from './graph.ts';
import {
  causalBias,
  type PairGroup,
  positionsWithImages,
  rotations,
  textPositions,
} from './positions.ts';

/** What some kinds have beside their layers. */
export interface OwnParts extends Pick<TextEncoder, 'imageTokens'> {
  /** As in EncoderBase. */
  readonly vocabulary?: string;
}

/**
 * Creates an encoder of the kind Qwen3 or Gemma 2. Throws DR_MODEL_UNSUPPORTED when tensors are
 * missing.
 */
export function createLlm(
  runtime: Runtime,
  kind: SequenceKind,
  weights: Weights,
  tokenizer: () => Promise<Tokenizer>,
  { imageTokens, vocabulary }: OwnParts = {},
): TextEncoder {
  const config = llmConfig(weights, kind);
  const { width, layers, heads, depth, scalesEmbeddings, imagePairs } = config;
  const factor = Math.fround(Math.sqrt(width));
  return createSequenceEncoder(runtime, {
    kind,
    weights,
    width,
    layers,
    heads,
    table: LLM_TOKENS,
    hasFinalNorm: weights.has(`${LLM_NORM}.weight`),
    vocabulary,
    embedding: scalesEmbeddings ? (value) => value * factor : undefined,
    tokenizer,
    imageTokens,
    graph: (changed, output) => llmGraph(changed, config, output),
    inputs: (length, { masks, images = [] }) => ({
      ...ropeInputs(
        'text',
        images.length > 0 && imagePairs
          ? rotations(positionsWithImages(length, images, masks?.[0]), groupsOf(imagePairs), config)
          : rotations(textPositions(length), groupsOf([depth / 2]), config),
      ),
      bias: causalBias(length, masks),
    }),
  });
}

/** Groups of pairs, one for each axis. */
const groupsOf = (counts: readonly number[]): readonly PairGroup[] =>
  counts.map((count, axis) => ({
    axis,
    count,
    first: counts.slice(0, axis).reduce((sum, one) => sum + one, 0),
  }));
