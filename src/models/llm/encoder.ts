// Language models as text encoders.
import type { Runtime } from '../../runtime/runtime.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import { createSequenceEncoder } from '../clip/sequence-encoder.ts';
import type { ImagePlace, SequenceKind, TextEncoder } from '../clip/text-encoder.ts';
import { ropeInputs } from '../dit/rope.ts';
import { deepstackName } from '../qwenvl/qwen3-graph.ts';
import type { Weights } from '../weights/tensors.ts';
import { LLM_NORM, LLM_TOKENS, type LlmConfig, llmConfig } from './config.ts';
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
  const { width, layers, heads, depth, scalesEmbeddings, imagePairs, deepstack = 0 } = config;
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
          ? rotations(positionsWithImages(length, images, masks?.[0]), pairsOf(config), config)
          : rotations(textPositions(length), groupsOf([depth / 2]), config),
      ),
      bias: causalBias(length, masks),
      ...Object.fromEntries(
        Array.from({ length: deepstack }, (_, i) => [
          deepstackName(i),
          deepstackFeatures(i, images, { length, width }),
        ]),
      ),
    }),
  });
}

/** What is added behind a layer at the places of images, [1, length or 1, width]. */
function deepstackFeatures(
  layer: number,
  images: readonly ImagePlace[],
  { length, width }: { readonly length: number; readonly width: number },
): Tensor {
  const seen = images.filter(({ deepstack }) => deepstack);
  const features = zeros([1, seen.length > 0 ? length : 1, width]);
  for (const { start, deepstack } of seen) features.data.set(deepstack![layer].data, start * width);
  return features;
}

/** The pairs that turn on each axis. */
function pairsOf({ imagePairs = [], interleavesPairs }: LlmConfig): readonly PairGroup[] {
  if (!interleavesPairs) return groupsOf(imagePairs);
  const count = imagePairs.reduce((sum, one) => sum + one, 0);
  return Array.from({ length: count }, (_, first) => {
    const turn = first % imagePairs.length;
    return { axis: first < imagePairs.length * imagePairs[turn] ? turn : 0, count: 1, first };
  });
}

/** Groups of pairs, one for each axis. */
const groupsOf = (counts: readonly number[]): readonly PairGroup[] =>
  counts.map((count, axis) => ({
    axis,
    count,
    first: counts.slice(0, axis).reduce((sum, one) => sum + one, 0),
  }));
