// Language models as text encoders.
import type { Runtime } from '../../runtime/runtime.ts';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import { createSequenceEncoder } from '../clip/sequence-encoder.ts';
import type { SequenceKind, TextEncoder } from '../clip/text-encoder.ts';
import { ropeInputs } from '../dit/rope.ts';
import type { Weights } from '../weights/tensors.ts';
import { LLM_TOKENS, llmConfig } from './config.ts';
import { llmGraph } from './graph.ts';
import { causalBias, positionRotations } from './positions.ts';

/**
 * Creates an encoder of the kind Qwen3 or Gemma 2. Throws DR_MODEL_UNSUPPORTED when tensors are
 * missing.
 */
export function createLlm(
  runtime: Runtime,
  kind: SequenceKind,
  weights: Weights,
  tokenizer: () => Promise<Tokenizer>,
): TextEncoder {
  const config = llmConfig(weights);
  const { width, layers, heads, depth, theta, scalesEmbeddings } = config;
  const factor = Math.fround(Math.sqrt(width));
  return createSequenceEncoder(runtime, {
    kind,
    weights,
    width,
    layers,
    heads,
    table: LLM_TOKENS,
    embedding: scalesEmbeddings ? (value) => value * factor : undefined,
    tokenizer,
    graph: (changed, output) => llmGraph(changed, config, output),
    inputs: (length, masks) => ({
      ...ropeInputs('text', positionRotations(length, depth, theta)),
      bias: causalBias(length, masks),
    }),
  });
}
