// Token merging, "Token Merging for Fast Stable Diffusion" (arXiv 2303.17604; comfy_extras/
// nodes_tomesd.py): one token of each 2x2 is a destination, and the other tokens most similar to
// one are merged into it. After the attention each gets the result of its destination.
import type { Size } from '../../image/geometry.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { rowAt, sliceAt, toIndices } from './number-tables.ts';
import type { ChangedQueries, TokenSizes } from './unet-layers.ts';
import type { Draws } from './unet-patch.ts';

/**
 * Draws a destination in each 2x2 of `size` and returns the indices of all tokens, destinations
 * first.
 */
export function mergeOrder({ width, height }: Size, tokens: number, draws: Draws): Int32Array {
  const [down, across] = [height >> 1, width >> 1];
  const drawn = draws.randint(0, 4, down * across);
  const isDestination = new Uint8Array(tokens);
  for (let i = 0; i < drawn.length; i++) {
    const offset = Number(drawn[i]);
    const y = 2 * Math.floor(i / across) + (offset >> 1);
    const x = 2 * (i % across) + (offset & 1);
    isDestination[y * width + x] = 1;
  }
  const all = Int32Array.from({ length: tokens }, (_, i) => i);
  const order = new Int32Array(tokens);
  order.set(all.filter((i) => isDestination[i] === 1));
  order.set(
    all.filter((i) => isDestination[i] === 0),
    down * across,
  );
  return order;
}

/** The inputs for self-attentions with these orders of tokens. */
export function mergeInputs(
  orders: readonly Int32Array[],
  destinations: number,
  merged: number,
): Record<string, Tensor> {
  const tokens = orders[0].length;
  const inverses = orders.map((order) => {
    const inverse = new Int32Array(tokens);
    for (let i = 0; i < tokens; i++) inverse[order[i]] = i;
    return inverse;
  });
  const table = (rows: readonly Int32Array[]): Tensor =>
    tensor([rows.length, tokens], Float32Array.from(rows.flatMap((row) => [...row])));
  return {
    mergeOrders: table(orders),
    mergeInverses: table(inverses),
    mergeCounts: tensor(
      [2],
      Float32Array.of(destinations, Math.min(merged, tokens - destinations)),
    ),
  };
}

/** The declared inputs, as integers. */
interface MergeTables {
  readonly orders: Value;
  readonly inverses: Value;
  /** The number of destinations, and that of merged tokens, [1]. */
  readonly destinations: Value;
  readonly merged: Value;
}

/** Declares the inputs that `mergeInputs` returns, for `count` self-attentions. */
export function mergeTables(g: Graph, count: number): MergeTables {
  const table = (name: string): Value => toIndices(g, g.input(name, [count, 'mergeTokens']));
  const counts = toIndices(g, g.input('mergeCounts', [2]));
  return {
    orders: table('mergeOrders'),
    inverses: table('mergeInverses'),
    destinations: sliceAt(g, counts, 0),
    merged: sliceAt(g, counts, 1),
  };
}

/**
 * Merges tokens [B*N, C] of the self-attention with row `index` of the tables, to
 * [B*(N - merged), C].
 */
export function mergeTokens(
  g: Graph,
  tables: MergeTables,
  index: number,
  x: Value,
  { batch, channels }: TokenSizes,
): ChangedQueries {
  const shape = g.op('Concat', [batch, g.ints([-1, channels])], { axis: 0 });
  const batched = (tokens: Value): Value => g.op('Reshape', [tokens, shape]);
  const flat = (tokens: Value): Value => g.op('Reshape', [tokens, g.ints([-1, channels])]);
  const end = g.ints([2 ** 31]);
  const order = rowAt(g, tables.orders, index);
  const destinationAt = g.op('Slice', [order, g.ints([0]), tables.destinations]);
  const sourceAt = g.op('Slice', [order, tables.destinations, end]);
  const split = (tokens: Value): [Value, Value] => [
    g.op('Gather', [tokens, sourceAt], { axis: 1 }),
    g.op('Gather', [tokens, destinationAt], { axis: 1 }),
  ];
  const all = batched(x);
  const { ranking, target } = similar(g, split(unitTokens(g, all)));
  const wide = (indices: Value): Value =>
    g.op('Expand', [g.op('Unsqueeze', [indices, g.ints([2])]), g.ints([1, 1, channels])]);
  const gather = (tokens: Value, indices: Value): Value =>
    g.op('GatherElements', [tokens, wide(indices)], { axis: 1 });
  const mergedAt = g.op('Slice', [ranking, g.ints([0]), tables.merged, g.ints([1])]);
  const unmergedAt = g.op('Slice', [ranking, tables.merged, end, g.ints([1])]);
  const targetOf = g.op('GatherElements', [target, mergedAt], { axis: 1 });

  const [sources, destinations] = split(all);
  const mean = meanInto(g, destinations, wide(targetOf), gather(sources, mergedAt));
  const unmerged = gather(sources, unmergedAt);
  const restore = (result: Value): Value => {
    const whole = batched(result);
    const count = g.op('Shape', [unmergedAt], { start: 1, end: 2 });
    const ofUnmerged = g.op('Slice', [whole, g.ints([0]), count, g.ints([1])]);
    const ofMerged = g.op('Slice', [whole, count, end, g.ints([1])]);
    const ranked = g.op('Concat', [gather(ofMerged, targetOf), ofUnmerged], { axis: 1 });
    const empty = g.op('Mul', [sources, g.floats([0])]);
    const sourceResult = g.op('ScatterElements', [empty, wide(ranking), ranked], { axis: 1 });
    const ordered = g.op('Concat', [ofMerged, sourceResult], { axis: 1 });
    return flat(g.op('Gather', [ordered, rowAt(g, tables.inverses, index)], { axis: 1 }));
  };
  return { tokens: flat(g.op('Concat', [unmerged, mean], { axis: 1 })), batch, restore };
}

const unitTokens = (g: Graph, tokens: Value): Value =>
  g.op('Div', [tokens, g.op('ReduceL2', [tokens, g.ints([2])], { keepdims: 1 })]);

/**
 * Ranks sources [B, S, C] by the similarity to their most similar destination, [B, S], the most
 * similar first; `target` [B, S] is that destination.
 */
function similar(
  g: Graph,
  [sources, destinations]: readonly [Value, Value],
): { readonly ranking: Value; readonly target: Value } {
  const turned = g.op('Transpose', [destinations], { perm: [0, 2, 1] });
  const scores = g.op('MatMul', [sources, turned]);
  const best = g.op('ReduceMax', [scores, g.ints([2])], { keepdims: 0 });
  const count = g.op('Shape', [best], { start: 1, end: 2 });
  const [, ranking] = g.outputsOf('TopK', [best, count], 2, { axis: 1, largest: 1, sorted: 1 });
  return { ranking, target: g.op('ArgMax', [scores], { axis: 2, keepdims: 0 }) };
}

/** The mean of each destination and the tokens that are merged into it. */
function meanInto(g: Graph, destinations: Value, indices: Value, tokens: Value): Value {
  const sumInto = (into: Value, values: Value): Value =>
    g.op('ScatterElements', [into, indices, values], { axis: 1, reduction: 'add' });
  const ones = (like: Value): Value => g.op('Expand', [g.floats([1]), g.op('Shape', [like])]);
  return g.op('Div', [sumInto(destinations, tokens), sumInto(ones(destinations), ones(tokens))]);
}
