// The token table of a text encoder with its changes: other encoders' tables that are blended in,
// and LoRAs. Rows are read and changed as they are needed; the table is not part of the encoder's
// graph.
import { decodeFloat32, encodeFloat32 } from '../../formats/dtypes.ts';
import { createGraph, type Value } from '../../onnx/builder.ts';
import { openSession } from '../../runtime/session.ts';
import { tensor } from '../../tensor/tensor.ts';
import { patchScale } from '../lora/branch.ts';
import { mergePatch } from '../lora/merge.ts';
import type { Patch } from '../lora/patches.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import type { TokenBlend, TokenChange, TokenPatch, TokenShift } from './text-encoder.ts';

export interface TokenTable {
  readonly weights: Weights;
  /** The name of the table. */
  readonly name: string;
  readonly changes: readonly TokenChange[];
  readonly threads: number;
}

/** Returns rows of a table with its changes in turn, one after another. */
export async function tokenTableRows(
  table: TokenTable,
  ids: readonly number[],
): Promise<Float32Array> {
  const change = table.changes.at(-1);
  if (!change || ids.length === 0) return storedRows(table, ids);
  const before = { ...table, changes: table.changes.slice(0, -1) };
  if (!('patch' in change)) {
    const rows = await tokenTableRows(before, ids);
    if ('ownShare' in change) return blended(rows, ids, change);
    if ('strength' in change) return shifted(rows, await storedRows(table, ids), ids, change);
    return table.weights.rounding === 'f16' ? roundToFloat16(rows) : rows;
  }
  if (rowTensor(change.patch) !== undefined)
    return patchedRows(table, await tokenTableRows(before, ids), change, ids);
  const [count, width] = table.weights.shape(table.name);
  const all = await tokenTableRows(before, [...new Array(count).keys()]);
  const changed = await patchedRows(table, all, change);
  const rows = new Float32Array(ids.length * width);
  for (const [i, id] of ids.entries())
    rows.set(changed.subarray(id * width, (id + 1) * width), i * width);
  return rows;
}

/**
 * Returns changed rows as the original stores them: rounded, to the type of the table by default.
 */
export function asStored({ weights, name, changes }: TokenTable, rows: Float32Array): Float32Array {
  const type = weights.rounding ?? (weights.roundsChanges && weights.typeOf(name));
  if (changes.length === 0) return rows;
  if (type === 'bf16') return decodeFloat32('BF16', encodeFloat32('BF16', rows));
  return type === 'f16' ? roundToFloat16(rows) : rows;
}

export const roundToFloat16 = (values: Float32Array): Float32Array =>
  decodeFloat32('F16', encodeFloat32('F16', values));

async function storedRows(
  { weights, name }: TokenTable,
  ids: readonly number[],
): Promise<Float32Array> {
  const file = await weights.open();
  try {
    const stored = (await file.readRows(weights.fullName(name), ids)).data;
    return weights.rounding === 'f16' ? roundToFloat16(stored) : stored;
  } finally {
    await file.close();
  }
}

async function blended(
  rows: Float32Array,
  ids: readonly number[],
  { ownShare, otherShare, rows: readOther }: TokenBlend,
): Promise<Float32Array> {
  const [own, other] = [Math.fround(ownShare), Math.fround(otherShare)];
  const otherRows = await readOther?.(ids);
  return rows.map((value, i) =>
    otherRows ? Math.fround(value * own) + Math.fround(otherRows[i] * other) : value * own,
  );
}

async function shifted(
  rows: Float32Array,
  stored: Float32Array,
  ids: readonly number[],
  { strength, rows: readOther }: TokenShift,
): Promise<Float32Array> {
  const factor = Math.fround(strength);
  const other = await readOther(ids);
  return rows.map((value, i) => value + Math.fround(Math.fround(other[i] - stored[i]) * factor));
}

/**
 * Returns the tensor whose rows belong to those of the table, for patches that change each row by
 * itself. Undefined for the others, which are computed for the whole table.
 */
function rowTensor(patch: Patch): string | undefined {
  if ('tensor' in patch) return patch.tensor;
  return patch.kind === 'lora' && !patch.dora && !patch.mid ? patch.up : undefined;
}

/** Returns rows (all of them without `ids`) with a LoRA applied. */
async function patchedRows(
  { weights, name, threads }: TokenTable,
  rows: Float32Array,
  { lora, strength, patch }: TokenPatch,
  ids?: readonly number[],
): Promise<Float32Array> {
  const [, width] = weights.shape(name);
  const shape = [rows.length / width, width];
  const factors = weightsOf(lora.file, lora.tensors, '');
  const byRow = ids && rowTensor(patch);
  const graph = createGraph();
  const factorValue = (factor: string): Value => {
    const value = factors.value(graph, factor);
    return factor === byRow ? graph.op('Gather', [value, graph.ints(ids!)], { axis: 0 }) : value;
  };
  const patched = mergePatch(graph, graph.input('rows', shape), shape, patch, {
    tensor: factorValue,
    shape: (factor) =>
      factor === byRow ? [shape[0], ...factors.shape(factor).slice(1)] : factors.shape(factor),
    scale: graph.floats([strength * patchScale(patch)]),
  });
  graph.output('out', patched, shape);
  const session = await openSession(graph.serialize(), {
    name: `the tokens of ${lora.file}`,
    folder: graph.folder(),
    threads,
    providers: ['cpu'],
    optimize: false,
  });
  try {
    return (await session.run({ rows: tensor(shape, rows) }, ['out'])).out.data;
  } finally {
    await session.close();
  }
}
