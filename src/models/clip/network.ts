// A CLIP text encoder as a handle over its network. Rows of the token table are read from the file
// when needed; recent results are cached.
import { createHash } from 'node:crypto';
import { DarkroomError } from '../../errors.ts';
import { decodeFloat32, encodeFloat32 } from '../../formats/dtypes.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { reshape, sizeOf, zeros } from '../../tensor/tensor.ts';
import type { WeightChange } from '../weights/changes.ts';
import { planChanges } from '../weights/plan-changes.ts';
import type { Weights } from '../weights/tensors.ts';
import { type ClipConfig, type ClipLayout, clipConfig, clipTargets } from './config.ts';
import { clipGraph, clipOutputs, hiddenName } from './graph.ts';
import type {
  EncoderBase,
  TextEncoder,
  TextEncoderOutput,
  TokenBlend,
  TokenSlot,
} from './text-encoder.ts';

/** The end-of-text token of CLIP's vocabulary; features are pooled at its first position. */
const END = 49407;
/** Number of results that an encoder caches; 77 tokens of width 1280 are 0.4 MB. */
const RECENT = 32;

/** What a text encoder is made of. */
export interface TextEncoderSource {
  readonly kind: TextEncoder['kind'];
  readonly weights: Weights;
  readonly layout: ClipLayout;
  /** Applied to the weights, in order. */
  readonly changes?: readonly WeightChange[];
  /** Blended into the token table, in order. */
  readonly blended?: readonly TokenBlend[];
}

/** Creates a text encoder. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function createTextEncoder(runtime: Runtime, source: TextEncoderSource): TextEncoder {
  const { kind, weights, layout, changes = [], blended = [] } = source;
  const config = clipConfig(weights, layout, kind);
  const { width, length, layers } = config;
  const [vocabulary] = weights.shape(layout.tokens);
  const patchable = clipTargets(weights, layout);
  const base = { weights, targets: patchable, changes, layout, blended };
  const tokenRows: TokenRows = (ids) => blendedRows(weights, layout.tokens, ids, blended);
  const rounded = blended.length > 0 && weights.rounding === 'f16';
  const evaluate = createEvaluation(runtime, kind, base, config, (slots) =>
    embed(slots, tokenRows, width, rounded),
  );
  const cached = recentResults<TextEncoderOutput>(RECENT);
  return {
    kind,
    width,
    layers,
    length,
    patchable,
    base,
    tokenRows,
    withChanges: (more, others = []) =>
      createTextEncoder(runtime, {
        ...source,
        changes: [...changes, ...more],
        blended: [...blended, ...others],
      }),
    async encode(chunks, { layer, finalNorm, project }) {
      for (const chunk of chunks) checkChunk(chunk, kind, { width, length, vocabulary });
      const index = layer === 'last' ? layers - 1 : layer;
      if (index < 0 || index >= layers)
        throw new Error(`internal: layer ${layer} of ${kind} with ${layers} layers`);
      return cached(keyOf(chunks, `${index} ${finalNorm} ${project}`), () =>
        evaluate(chunks, { index, finalNorm, project }),
      );
    },
  };
}

type Chunks = readonly (readonly TokenSlot[])[];
type TokenRows = (ids: readonly number[]) => Promise<Float32Array>;
type Evaluate = (
  chunks: Chunks,
  from: { readonly index: number; readonly finalNorm: boolean; readonly project: boolean },
) => Promise<TextEncoderOutput>;

/**
 * Returns the evaluation of the network over embedded chunks; `embedSlots` returns their vectors.
 */
function createEvaluation(
  runtime: Runtime,
  kind: TextEncoder['kind'],
  base: EncoderBase,
  config: ClipConfig,
  embedSlots: (slots: readonly TokenSlot[]) => Promise<Float32Array>,
): Evaluate {
  const { weights } = base;
  const { width, length, projected } = config;
  const plan = planChanges(base, 'each time');
  const network = runtime.network({
    file: weights.file,
    part: kind,
    variant: plan?.key,
    outputs: clipOutputs(config),
    build: () =>
      plan ? plan.build((patched) => clipGraph(patched, config)) : clipGraph(weights, config),
  });
  return async (chunks, { index, finalNorm, project }) => {
    const embeddings = zeros([chunks.length, length, width]);
    embeddings.data.set(await embedSlots(chunks.flat()));
    const pool = zeros([chunks.length, 1, length]);
    for (const [i, chunk] of chunks.entries()) {
      const end = chunk.indexOf(END);
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

/**
 * Returns a hash of what is encoded: token ids, the values of vectors among them, and the options
 * in `how`.
 */
function keyOf(chunks: Chunks, how: string): string {
  const hash = createHash('sha256').update(how);
  for (const chunk of chunks)
    for (const slot of chunk)
      hash.update(
        typeof slot === 'number'
          ? `|${slot}`
          : new Uint8Array(slot.buffer, slot.byteOffset, slot.byteLength),
      );
  return hash.digest('hex');
}

/** Returns a cache of the last `limit` results; a failed one is removed. */
function recentResults<T>(limit: number): (key: string, make: () => Promise<T>) => Promise<T> {
  const results = new Map<string, Promise<T>>();
  return (key, make) => {
    const result = results.get(key) ?? make();
    results.delete(key);
    results.set(key, result);
    result.catch(() => results.delete(key));
    for (const oldest of results.keys()) {
      if (results.size <= limit) break;
      results.delete(oldest);
    }
    return result;
  };
}

function checkChunk(
  chunk: readonly TokenSlot[],
  kind: string,
  at: { width: number; length: number; vocabulary: number },
): void {
  if (chunk.length !== at.length)
    throw new Error(
      `internal: a chunk of ${chunk.length} tokens for ${kind}, which takes ${at.length}`,
    );
  for (const slot of chunk) {
    if (typeof slot === 'number' ? slot >= 0 && slot < at.vocabulary : slot.length === at.width)
      continue;
    const what =
      typeof slot === 'number'
        ? `token ${slot} of ${at.vocabulary}`
        : `an embedding of ${slot.length} numbers for ${at.width}`;
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `${kind} can't take ${what}`,
      hint: 'Use a textual inversion made for this kind of text encoder (SD1, SD2 or SDXL).',
    });
  }
}

/**
 * Returns token vectors one after another; each row of the table is read once. `rounded`: rows are
 * rounded to float16.
 */
async function embed(
  slots: readonly TokenSlot[],
  tokenRows: TokenRows,
  width: number,
  rounded: boolean,
): Promise<Float32Array> {
  const ids = [...new Set(slots.filter((slot) => typeof slot === 'number'))];
  const rowOf = new Map(ids.map((id, i) => [id, i]));
  const exact = await tokenRows(ids);
  const rows = rounded ? toHalves(exact) : exact;
  const all = new Float32Array(slots.length * width);
  for (const [i, slot] of slots.entries()) {
    const at = typeof slot === 'number' ? rowOf.get(slot)! * width : 0;
    all.set(typeof slot === 'number' ? rows.subarray(at, at + width) : slot, i * width);
  }
  return all;
}

const toHalves = (values: Float32Array): Float32Array =>
  decodeFloat32('F16', encodeFloat32('F16', values));

/** Returns rows of the encoder's token table, with other encoders' rows blended in, in turn. */
async function blendedRows(
  weights: Weights,
  table: string,
  ids: readonly number[],
  blended: readonly TokenBlend[],
): Promise<Float32Array> {
  const file = await weights.open();
  let rows: Float32Array;
  try {
    const stored = (await file.readRows(weights.fullName(table), ids)).data;
    rows = weights.rounding === 'f16' ? toHalves(stored) : stored;
  } finally {
    await file.close();
  }
  for (const { ownShare: own, otherShare: other, rows: read } of blended) {
    const [a, b] = [Math.fround(own), Math.fround(other)];
    const more = await read?.(ids);
    rows = rows.map((value, i) =>
      more ? Math.fround(value * a) + Math.fround(more[i] * b) : value * a,
    );
  }
  return rows;
}
