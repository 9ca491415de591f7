// A CLIP text encoder over its network. Rows of the token table are read from the file when they
// are needed, and recent results are cached.
import { DarkroomError } from '../../errors.ts';
import type { Graph } from '../../onnx/builder.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { reshape, sizeOf, zeros } from '../../tensor/tensor.ts';
import { type WeightChange, withMoreChanges } from '../weights/changes.ts';
import { graphWithChanges, planChanges } from '../weights/plan-changes.ts';
import { streamedWhereLarge } from '../weights/streamed.ts';
import type { Weights } from '../weights/tensors.ts';
import {
  type ClipConfig,
  type ClipKind,
  type ClipLayout,
  clipConfig,
  clipTargets,
  HUGGING_FACE,
} from './config.ts';
import { clipGraph, clipOutputs, hiddenName } from './graph.ts';
import { cacheKey, recentResults } from './recent-results.ts';
import type { ClipEncoder, EncoderBase, TokenChange, TokenSlot } from './text-encoder.ts';
import { type Chunks, embed, type TokenRows } from './token-embeddings.ts';
import { tokenTableRows } from './token-table.ts';

/** The name of the token table among those of the weights that LoRAs may change. */
const TOKENS = `text_model.${HUGGING_FACE.tokens}`;
/** The end-of-text token of CLIP's vocabulary; features are pooled at its first position. */
const END_TOKEN = 49407;
/** Number of results that an encoder caches; 77 tokens of width 1280 are 0.4 MB. */
const MAX_CACHED = 32;

/** The weights of a text encoder and their changes. */
export interface TextEncoderSource {
  readonly kind: ClipKind;
  readonly weights: Weights;
  readonly layout: ClipLayout;
  /** Applied to the weights, in order. */
  readonly changes?: readonly WeightChange[];
  /** Applied to the token table, in order. */
  readonly tokenChanges?: readonly TokenChange[];
}

/** Creates a text encoder. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function createTextEncoder(runtime: Runtime, source: TextEncoderSource): ClipEncoder {
  const { kind, weights, layout, changes = [], tokenChanges = [] } = source;
  const config = clipConfig(weights, layout, kind);
  const { width, length, layers } = config;
  const [vocabulary] = weights.shape(layout.tokens);
  const patchable = clipTargets(weights, layout);
  const base = { weights, targets: patchable, changes, table: layout.tokens, tokenChanges };
  const table = { weights, name: layout.tokens, changes: tokenChanges, threads: runtime.threads };
  const tokenRows: TokenRows = (ids) => tokenTableRows(table, ids);
  const roundRows = tokenChanges.length > 0 && weights.rounding === 'f16';
  const evaluate = createEvaluation(runtime, kind, base, config, (slots) =>
    embed(slots, tokenRows, width, roundRows),
  );
  const cached = recentResults<Awaited<ReturnType<ClipEncoder['encode']>>>(MAX_CACHED);
  return {
    kind,
    width,
    layers,
    length,
    patchable,
    base,
    tokenRows,
    tokenTable: { name: TOKENS, tensor: layout.tokens, shape: [vocabulary, width] },
    withChanges: (addedChanges, addedTokenChanges = []) =>
      createTextEncoder(runtime, {
        ...source,
        changes: withMoreChanges(changes, addedChanges),
        tokenChanges: [...tokenChanges, ...addedTokenChanges],
      }),
    async encode(chunks, { layer, finalNorm, project }) {
      for (const chunk of chunks) checkChunk(chunk, kind, { width, length, vocabulary });
      const index = layer === 'last' ? layers - 1 : layer;
      if (index < 0 || index >= layers)
        throw new Error(`internal: layer ${layer} of ${kind} with ${layers} layers`);
      return cached(cacheKey(chunks, `${index} ${finalNorm} ${project}`), () =>
        evaluate(chunks, { index, finalNorm: finalNorm !== false, project }),
      );
    },
  };
}

type Evaluate = (
  chunks: Chunks,
  output: { readonly index: number; readonly finalNorm: boolean; readonly project: boolean },
) => ReturnType<ClipEncoder['encode']>;

/**
 * Returns the evaluation of the network over embedded chunks; `embedSlots` returns their vectors.
 */
function createEvaluation(
  runtime: Runtime,
  kind: ClipKind,
  base: EncoderBase,
  config: ClipConfig,
  embedSlots: (slots: readonly TokenSlot[]) => Promise<Float32Array>,
): Evaluate {
  const { weights } = base;
  const { width, length, projected } = config;
  const plan = planChanges(base, 'each time');
  const graph = (over: Weights): Graph => clipGraph(over, config);
  const network = runtime.network({
    file: weights.file,
    part: kind,
    variant: plan?.key,
    outputs: clipOutputs(config),
    ...streamedWhereLarge(weights, (over) =>
      graphWithChanges({ ...base, weights: over }, 'each time', graph),
    ),
  });
  return async (chunks, { index, finalNorm, project }) => {
    const embeddings = zeros([chunks.length, length, width]);
    embeddings.data.set(await embedSlots(chunks.flat()));
    const pool = zeros([chunks.length, 1, length]);
    for (const [i, chunk] of chunks.entries()) {
      const end = chunk.indexOf(END_TOKEN);
      pool.data[i * length + (end < 0 ? length - 1 : end)] = 1;
    }
    const out = await network.run({ embeddings, pool, ...plan?.inputs });
    const pooled = project && projected > 0 ? out.projected : out.pooled;
    return {
      hidden: out[hiddenName(index, finalNorm)],
      pooled: reshape(pooled, [chunks.length, sizeOf(pooled.shape.slice(1))]),
    };
  };
}

/** Throws for chunks of another length and for slots that the encoder does not accept. */
function checkChunk(
  chunk: readonly TokenSlot[],
  kind: string,
  sizes: { width: number; length: number; vocabulary: number },
): void {
  if (chunk.length !== sizes.length)
    throw new Error(
      `internal: a chunk of ${chunk.length} tokens for ${kind}, which needs ${sizes.length}`,
    );
  for (const slot of chunk) {
    if (
      typeof slot === 'number' ? slot >= 0 && slot < sizes.vocabulary : slot.length === sizes.width
    )
      continue;
    const value =
      typeof slot === 'number'
        ? `token ${slot} of a vocabulary of ${sizes.vocabulary}`
        : `an embedding of width ${slot.length}, its own is ${sizes.width}`;
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `${kind} does not accept ${value}`,
      hint: 'Use a textual inversion for this kind of text encoder (SD1, SD2 or SDXL).',
    });
  }
}
