// The layers that diffusion transformers (Peebles and Xie 2023) share, on those of
// layers/blocks.ts. Token features are [B, N, C] here, so that streams can be joined; vectors for
// modulation are [B, C]. All sizes but the channels are free.
import type { Value } from '../../onnx/builder.ts';
import { linear, type Net, silu } from '../layers/blocks.ts';
import { type RopeAxes, ropePairs } from './rope.ts';

/** The epsilon of torch's RMSNorm where none is given: float32's machine epsilon. */
export const MACHINE_EPSILON = 2 ** -23;

/** A fully connected layer on token features [B, N, K]; `rows` selects some of its outputs. */
export function tokenLinear(
  net: Net,
  x: Value,
  name: string,
  rows?: readonly [from: number, to: number],
): Value {
  const { g, w } = net;
  const [count, ...rest] = w.shape(`${name}.weight`);
  const out = rows ? rows[1] - rows[0] : count;
  const width = rest.reduce((n, d) => n * d, 1);
  const flat = g.op('Reshape', [x, g.ints([-1, width])]);
  const sizes = g.op('Concat', [g.op('Shape', [x], { start: 0, end: 2 }), g.ints([out])], {
    axis: 0,
  });
  return g.op('Reshape', [linear(net, flat, name, rows), sizes]);
}

/** The rows of a table [..., N, C] at `places` [M], int64: [M, C]. */
export function tableRows({ g, w }: Net, table: string, places: Value): Value {
  const dims = w.shape(table).slice(-2);
  return w.rowsAt?.(g, table, places) ?? g.op('Gather', [w.value(g, table, { dims }), places]);
}

/** RMSNorm (Zhang and Sennrich 2019) over the last axis, times `factor`. */
export const rmsNormBy = ({ g }: Net, x: Value, factor: Value, epsilon: number): Value =>
  g.op('SimplifiedLayerNormalization', [x, factor], { axis: -1, epsilon: { float: epsilon } });

/** RMSNorm over the last axis; `name` is the weight's full name. */
export const rmsNorm = (net: Net, x: Value, name: string, epsilon: number): Value =>
  rmsNormBy(net, x, net.w.value(net.g, name), epsilon);

/** RMSNorm over the last axis, times 1 + its weight; `name` is the weight's full name. */
export const rmsNormByOneMore = (net: Net, x: Value, name: string, epsilon: number): Value =>
  rmsNormBy(net, x, net.g.op('Add', [net.w.value(net.g, name), net.g.floats([1])]), epsilon);

/** LayerNorm over the last axis, of `channels`, without weights. */
export const plainLayerNorm = ({ g }: Net, x: Value, channels: number, epsilon = 1e-6): Value =>
  g.op('LayerNormalization', [x, g.floats(new Float32Array(channels).fill(1))], {
    axis: -1,
    epsilon: { float: epsilon },
  });

/** LayerNorm without weights of each head of [B, N, heads * depth]. */
export function headLayerNorm(
  net: Net,
  x: Value,
  { heads, depth }: Pick<Heads, 'heads' | 'depth'>,
  epsilon: number,
): Value {
  const { g } = net;
  const perHead = g.op('Reshape', [x, g.ints([0, 0, heads, depth])]);
  const normed = plainLayerNorm(net, perHead, depth, epsilon);
  return g.op('Reshape', [normed, g.ints([0, 0, heads * depth])]);
}

/** GELU by its tanh approximation. */
export const geluTanh = ({ g }: Net, x: Value): Value => g.op('com.microsoft.FastGelu', [x]);

/** SwiGLU (Shazeer 2020) without its last layer: silu(gate) * x. */
export const swiGlu = (net: Net, gate: Value, x: Value): Value =>
  net.g.op('Mul', [silu(net, gate), x]);

/** SwiGLU with its three layers, on token features; `layer` computes one of them. */
export function gatedMlp(
  net: Net,
  x: Value,
  [gate, up, down]: readonly [gate: string, up: string, down: string],
  layer: (net: Net, x: Value, name: string) => Value = tokenLinear,
): Value {
  const inner = swiGlu(net, layer(net, x, gate), layer(net, x, up));
  return layer(net, inner, down);
}

/**
 * Splits a vector [B, count * C] into `count` vectors [B, 1, C], which act on all tokens of a row.
 */
export function modulationChunks(
  { g }: Net,
  vector: Value,
  count: number,
  channels: number,
): readonly Value[] {
  const widths = g.ints(new Array(count).fill(channels));
  const row = g.op('Unsqueeze', [vector, g.ints([1])]);
  return g.outputsOf('Split', [row, widths], count, { axis: -1 });
}

/** x (1 + scale) + shift; scale and shift are [B, 1, C]. */
export function modulate({ g }: Net, x: Value, scale: Value, shift?: Value): Value {
  const scaled = g.op('Mul', [x, g.op('Add', [scale, g.floats([1])])]);
  return shift === undefined ? scaled : g.op('Add', [scaled, shift]);
}

/** LayerNorm over the last axis, shifted and scaled (AdaLN). */
export const modulatedNorm = (
  { net, width }: { readonly net: Net; readonly width: number },
  x: Value,
  shift: Value,
  scale: Value,
  epsilon?: number,
): Value => modulate(net, plainLayerNorm(net, x, width, epsilon), scale, shift);

/** x + gate y; the gate is [B, 1, C]. */
export const gatedAdd = ({ g }: Net, x: Value, gate: Value, y: Value): Value =>
  g.op('Add', [x, g.op('Mul', [gate, y])]);

/** The names of the two layers of an embedding MLP. */
export type MlpLayers = readonly [first: string, second: string];

/** Linear, SiLU, linear on vectors [B, K]: the MLP of timesteps and other vectors. */
export const vectorMlp = (net: Net, x: Value, [first, second]: MlpLayers): Value =>
  linear(net, silu(net, linear(net, x, first)), second);

/** Linear, GELU, linear on token features. */
export const tokenMlp = (net: Net, x: Value, [first, second]: MlpLayers): Value =>
  tokenLinear(net, geluTanh(net, tokenLinear(net, x, first)), second);

/** Joins streams of tokens, one after another. */
export const joinTokens = ({ g }: Net, parts: readonly Value[]): Value =>
  parts.length === 1 ? parts[0] : g.op('Concat', parts, { axis: 1 });

/** Returns the tokens behind those of `before`, which is [B, M, …]. */
export function tokensAfter({ g }: Net, x: Value, before: Value): Value {
  const count = g.op('Shape', [before], { start: 1, end: 2 });
  return g.op('Slice', [x, count, g.ints([2 ** 31 - 1]), g.ints([1])]);
}

/** Returns as many tokens, from the first on, as `like` has, which is [B, M, …]. */
export function tokensLike({ g }: Net, x: Value, like: Value): Value {
  const count = g.op('Shape', [like], { start: 1, end: 2 });
  return g.op('Slice', [x, g.ints([0]), count, g.ints([1])]);
}

/** Adds a residual [B, M, C] to the first M of the tokens x [B, N, C]. */
export const addToFirst = (net: Net, x: Value, residual: Value): Value =>
  joinTokens(net, [
    net.g.op('Add', [tokensLike(net, x, residual), residual]),
    tokensAfter(net, x, residual),
  ]);

/** Rotations of N tokens (ropeTable): cosines and sines, [N, D/2] for heads of width D. */
export interface Rotations {
  readonly cos: Value;
  readonly sin: Value;
}

/** Declares the inputs `<name>Cos` and `<name>Sin` [N, pairs]. */
export const rotationInputs = ({ g }: Net, name: string, pairs: number): Rotations => ({
  cos: g.input(`${name}Cos`, [`${name}N`, pairs]),
  sin: g.input(`${name}Sin`, [`${name}N`, pairs]),
});

/** Declares the inputs `ropeCos` and `ropeSin`, the rotations of all tokens. */
export const ropeRotations = (net: Net, rope: RopeAxes): Rotations =>
  rotationInputs(net, 'rope', ropePairs(rope));

/** Joins the rotations of streams of tokens. */
export const joinRotations = ({ g }: Net, parts: readonly Rotations[]): Rotations => ({
  cos: g.op(
    'Concat',
    parts.map(({ cos }) => cos),
    { axis: 0 },
  ),
  sin: g.op(
    'Concat',
    parts.map(({ sin }) => sin),
    { axis: 0 },
  ),
});

/** Rotates the pairs (2j, 2j+1) of every head of [B, N, heads * D] (RoPE, Su et al. 2021). */
export const rotate = ({ g }: Net, x: Value, { cos, sin }: Rotations): Value =>
  g.op('com.microsoft.RotaryEmbedding', [x, g.ints([0]), cos, sin], { interleaved: 1 });

/** Rotates the pairs (j, j + D/2) of every head of [B, N, heads * D]. */
export const rotateHalves = ({ g }: Net, x: Value, { cos, sin }: Rotations): Value =>
  g.op('com.microsoft.RotaryEmbedding', [x, g.ints([0]), cos, sin], { interleaved: 0 });

/** RMSNorm of each head of [B, N, heads * D]; `name` is the weight's full name, [D]. */
export function headRmsNorm(
  net: Net,
  x: Value,
  name: string,
  heads: number,
  epsilon: number,
  norm = rmsNorm,
): Value {
  const { g, w } = net;
  const depth = w.shape(name)[0];
  const perHead = g.op('Reshape', [x, g.ints([0, 0, heads, depth])]);
  const normed = norm(net, perHead, name, epsilon);
  return g.op('Reshape', [normed, g.ints([0, 0, heads * depth])]);
}

export interface Heads {
  readonly heads: number;
  /** The heads of keys and values, each of which serves equally many of the queries'. */
  readonly kvHeads?: number;
  /** The width of a head. */
  readonly depth: number;
  /** What is added to the products of queries and keys, [B or 1, heads or 1, N, M]. */
  readonly bias?: Value;
  /** The factor of those products; 1 / sqrt(depth) by default. */
  readonly scale?: number;
}

/**
 * Attention (Vaswani et al. 2017) of q [B, N, heads * D] over k and v [B, M, kvHeads * D], by
 * softmax(q k scale + bias): [B, N, heads * D].
 */
export function jointAttention(net: Net, q: Value, k: Value, v: Value, at: Heads): Value {
  const [keys, values] = [k, v].map((x) => repeatHeads(net, x, at));
  const bias = at.bias === undefined ? [] : ['', '', at.bias];
  return net.g.op('com.microsoft.MultiHeadAttention', [q, keys, values, ...bias], {
    num_heads: at.heads,
    ...(at.scale !== undefined && { scale: { float: at.scale } }),
  });
}

/** Repeats each of the key and value heads for the query heads that it serves. */
function repeatHeads({ g }: Net, x: Value, { heads, kvHeads = heads, depth }: Heads): Value {
  if (kvHeads === heads) return x;
  const perHead = g.op('Reshape', [x, g.ints([0, 0, kvHeads, depth])]);
  const repeated = g.op('Concat', new Array(heads / kvHeads).fill(perHead), { axis: 3 });
  return g.op('Reshape', [repeated, g.ints([0, 0, heads * depth])]);
}

/**
 * Declares the input `skipped` [count] and returns a function that, for block `index`, keeps the
 * features from before it where `skipped` is above 0.5 there. The block is computed all the same,
 * so that one session serves skip-layer guidance and plain evaluations.
 */
export function blockSkipper(
  { g }: Net,
  count: number,
): (index: number, before: Value, after: Value) => Value {
  const skipped = g.input('skipped', [count]);
  return (index, before, after) => {
    const own = g.op('Slice', [skipped, g.ints([index]), g.ints([index + 1]), g.ints([0])]);
    return g.op('Where', [g.op('Greater', [own, g.floats([0.5])]), before, after]);
  };
}
