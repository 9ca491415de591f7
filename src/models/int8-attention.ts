// Self-attention whose two products are of 8-bit integers. Scores are made for some queries of one head at a time, so that they stay in the
// processor's cache. Keys lose their mean over the tokens first, which changes all scores of a query alike and so nothing (SageAttention,
// Zhang et al. 2024, arXiv 2410.02367); scales are of each key, and of each channel of the values. Probabilities have 255 steps up to their
// query's largest; what is too small for a step is given to the mean of the values.
import type { Graph, Value } from '../onnx/builder.ts';

export interface AttentionSizes {
  /** The batch, [1]. */
  readonly batch: Value;
  readonly channels: number;
  readonly heads: number;
}

/** Scores at a time: 2 MB of float32. */
const SCORES = 2 ** 19;

/** Fewer tokens are faster in float32. */
const LEAST_TOKENS = 256;

/** Dividing by less would give infinities. */
const LEAST = 1e-30;

/** q, k, v [B*N, C] -> [B*N, C]; `plain` instead where there are few tokens. */
export function int8AttentionOfMany(g: Graph, q: Value, k: Value, v: Value, at: AttentionSizes, plain: () => Value): Value {
  const rows = g.op('Shape', [q], { start: 0, end: 1 });
  const few = g.op('Less', [rows, g.op('Mul', [at.batch, g.ints([LEAST_TOKENS])])]);
  return g.choose(g.op('Not', [few]), () => int8SelfAttention(g, q, k, v, at), plain);
}

/** q, k, v [B*N, C] -> [B*N, C]. */
export function int8SelfAttention(g: Graph, q: Value, k: Value, v: Value, { batch, channels, heads }: AttentionSizes): Value {
  const width = channels / heads;
  const headed = g.op('Concat', [batch, g.ints([-1, heads, width])], { axis: 0 });
  const byHead = (x: Value, perm: readonly number[], dims: readonly number[]): Value =>
    g.op('Reshape', [g.op('Transpose', [x], { perm }), g.ints(dims)]);
  const reduced = (type: string, x: Value, axis: number): Value => g.op(type, [x, g.ints([axis])], { keepdims: 1 });
  const steps = (x: Value, scale: Value): Value =>
    g.op('QuantizeLinear', [g.op('Div', [x, scale]), g.floats([1], []), g.raw({ type: 'i8', dims: [], bytes: Uint8Array.of(0) })]);
  const scaleOf = (x: Value, axis: number): Value =>
    g.op('Mul', [g.op('Max', [reduced('ReduceMax', g.op('Abs', [x]), axis), g.floats([LEAST])]), g.floats([1 / 127])]);

  const keys = g.op('Reshape', [k, headed]);
  const centred = g.op('Sub', [keys, reduced('ReduceMean', keys, 1)]);
  const keyScales = scaleOf(centred, 3);
  const keySteps = byHead(steps(centred, keyScales), [0, 2, 3, 1], [0, 0, width, -1]);
  const values = g.op('Reshape', [v, headed]);
  const valueScales = scaleOf(values, 1);
  const valueSteps = byHead(steps(values, valueScales), [0, 2, 1, 3], [0, 0, -1, width]);
  const [querySteps, queryScale, queryZero] = g.outputsOf('DynamicQuantizeLinear', [q], 3);

  // [B H, parts, size, width]: the queries of each head in equal parts, the last one filled up
  const tokens = g.op('Gather', [g.op('Shape', [keys]), g.ints([1])]);
  const up = (a: Value, b: Value): Value => g.op('Div', [g.op('Sub', [g.op('Add', [a, b]), g.ints([1])]), b]);
  const parts = up(g.op('Mul', [tokens, tokens]), g.ints([SCORES]));
  const size = up(tokens, parts);
  const missing = g.op('Sub', [g.op('Mul', [parts, size]), tokens]);
  const padding = g.op('Concat', [g.ints([0, 0, 0, 0, 0, 0]), missing, g.ints([0])], { axis: 0 });
  const queries = g.op('Pad', [byHead(g.op('Reshape', [querySteps, headed]), [0, 2, 1, 3], [0, 0, -1, width]), padding, queryZero]);
  const inParts = g.op('Reshape', [queries, g.op('Concat', [g.ints([-1]), size, g.ints([width])], { axis: 0 })]);

  const one = (x: Value): Value => g.op('Squeeze', [x]);
  const flat = (x: Value, dims: readonly number[]): Value => g.op('Reshape', [x, g.ints(dims)]);
  const perHead = {
    keys: g.op('Reshape', [keySteps, g.op('Concat', [g.ints([-1, width]), tokens], { axis: 0 })]),
    keyScales: g.op('Reshape', [
      g.op('Transpose', [keyScales], { perm: [0, 2, 3, 1] }),
      g.op('Concat', [g.ints([-1]), tokens], { axis: 0 }),
    ]),
    values: withOnes(g, g.op('Reshape', [valueSteps, g.op('Concat', [g.ints([-1]), tokens, g.ints([width])], { axis: 0 })])),
    valueScales: withScaleOne(g, flat(valueScales, [-1, width])),
    mean: flat(reduced('ReduceMean', values, 1), [-1, 1, width]),
  };
  const scale = g.op('Mul', [queryScale, g.floats([width ** -0.5], [])]);
  const partsNumber = one(parts);
  const attended = g.each(one(g.op('Shape', [inParts], { start: 0, end: 1 })), (index) => {
    const head = g.op('Div', [index, partsNumber]);
    const of = (x: Value): Value => g.op('Gather', [x, head]);
    const scores = g.op('com.microsoft.MatMulIntegerToFloat', [
      g.op('Gather', [inParts, index]),
      of(perHead.keys),
      scale,
      of(perHead.keyScales),
      queryZero,
    ]);
    const shares = g.op('Softmax', [scores], { axis: -1 });
    const step = g.op('Mul', [g.op('ReduceMax', [shares, g.ints([-1])], { keepdims: 0 }), g.floats([1 / 255])]);
    const sums = g.op('com.microsoft.MatMulIntegerToFloat', [
      g.op('QuantizeLinear', [shares, step], { axis: 0 }),
      of(perHead.values),
      g.floats([1], []),
      of(perHead.valueScales),
    ]);
    const scaled = g.op('Mul', [sums, g.op('Unsqueeze', [step, g.ints([1])])]);
    const [found, share] = g.outputsOf('Split', [scaled, g.ints([width, 1])], 2, { axis: 1 });
    const rest = g.op('Sub', [g.floats([1], []), share]);
    return g.op('Add', [found, g.op('Mul', [rest, of(perHead.mean)])]);
  });
  const whole = g.op('Reshape', [attended, g.op('Concat', [batch, g.ints([heads, -1, width])], { axis: 0 })]);
  const cut = g.op('Slice', [whole, g.ints([0]), tokens, g.ints([2])]);
  return g.op('Reshape', [g.op('Transpose', [cut], { perm: [0, 2, 1, 3] }), g.ints([-1, channels])]);
}

/** [H, N, d] of int8 -> [H, N, d + 1]: a column of ones, whose product is the sum of the probabilities. */
function withOnes(g: Graph, values: Value): Value {
  const pads = g.ints([0, 0, 0, 0, 0, 1]);
  return g.op('Pad', [values, pads, g.raw({ type: 'i8', dims: [], bytes: Uint8Array.of(1) })]);
}

const withScaleOne = (g: Graph, scales: Value): Value => g.op('Pad', [scales, g.ints([0, 0, 0, 1]), g.floats([1], [])]);
