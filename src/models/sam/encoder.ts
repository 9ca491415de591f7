// The image encoder of Segment Anything (Kirillov et al. 2023; ViTDet, Li et al. 2022): a vision
// transformer whose blocks attend within windows, some over the whole image, with relative
// positions. All sizes are read from the weights.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { add, conv, gelu, linear, type Net } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';

export interface EncoderShape {
  /** Side of the square input in pixels. */
  readonly side: number;
  /** Side of the square input in cells. */
  readonly cells: number;
  /** Output channels. */
  readonly channels: number;
}

/** Reads the sizes of an encoder from the tensors `image_encoder.*`. */
export function encoderShape(w: Weights): EncoderShape {
  const [, , , patch] = w.shape('image_encoder.patch_embed.proj.weight');
  const [, cells] = w.shape('image_encoder.pos_embed');
  return { side: cells * patch, cells, channels: w.shape('image_encoder.neck.0.weight')[0] };
}

/** LayerNorm over the last axis. */
export function norm({ g, w }: Net, x: Value, name: string, epsilon: number): Value {
  return g.op('LayerNormalization', [x, w.value(g, `${name}.weight`), w.value(g, `${name}.bias`)], {
    epsilon: { float: epsilon },
    axis: -1,
  });
}

/** LayerNorm over the channels of [1,C,H,W]. */
export function norm2d(net: Net, x: Value, name: string): Value {
  const last = net.g.op('Transpose', [x], { perm: [0, 2, 3, 1] });
  return net.g.op('Transpose', [norm(net, last, name, 1e-6)], { perm: [0, 3, 1, 2] });
}

/**
 * Builds the encoder. Input `x` [1,3,side,side], normalised; output `out` [1,channels,cells,cells].
 */
export function encoderGraph(w: Weights): Graph {
  const g = createGraph();
  const net: Net = { g, w };
  const { side, cells, channels } = encoderShape(w);
  const name = 'image_encoder';
  const x = g.input('x', [1, 3, side, side]);
  const patch = side / cells;
  const weight = w.value(g, `${name}.patch_embed.proj.weight`);
  const patchAttributes = { kernel_shape: [patch, patch], strides: [patch, patch] };
  const patches = g.op(
    'Conv',
    [x, weight, w.value(g, `${name}.patch_embed.proj.bias`)],
    patchAttributes,
  );
  let h = add(
    net,
    g.op('Transpose', [patches], { perm: [0, 2, 3, 1] }),
    w.value(g, `${name}.pos_embed`),
  );
  for (let i = 0; w.has(`${name}.blocks.${i}.norm1.weight`); i++)
    h = block(net, h, `${name}.blocks.${i}`, cells);
  h = conv(net, g.op('Transpose', [h], { perm: [0, 3, 1, 2] }), `${name}.neck.0`);
  h = conv(net, norm2d(net, h, `${name}.neck.1`), `${name}.neck.2`);
  g.output('out', norm2d(net, h, `${name}.neck.3`), [1, channels, cells, cells]);
  return g;
}

/** One transformer block on [1,cells,cells,C]. */
function block(net: Net, x: Value, name: string, cells: number): Value {
  const { g, w } = net;
  const width = w.shape(`${name}.norm1.weight`)[0];
  const window = (w.shape(`${name}.attn.rel_pos_h`)[0] + 1) / 2;
  const normed = norm(net, x, `${name}.norm1`, 1e-6);
  const attended =
    window < cells
      ? windowAttention(net, normed, name, { cells, window, width })
      : attention(net, normed, name, { count: 1, side: cells, width });
  const y = add(net, x, attended);
  const flat = g.op('Reshape', [norm(net, y, `${name}.norm2`, 1e-6), g.ints([-1, width])]);
  const mlp = linear(net, gelu(net, linear(net, flat, `${name}.mlp.lin1`)), `${name}.mlp.lin2`);
  return add(net, y, g.op('Reshape', [mlp, g.ints([1, cells, cells, width])]));
}

/** Attention within windows; the image is padded to whole windows. */
function windowAttention(
  net: Net,
  x: Value,
  name: string,
  { cells, window, width }: { cells: number; window: number; width: number },
): Value {
  const { g } = net;
  const count = Math.ceil(cells / window);
  const padding = count * window - cells;
  const padded = padding > 0 ? g.op('Pad', [x, g.ints([0, 0, 0, 0, 0, padding, padding, 0])]) : x;
  const split = g.op('Reshape', [padded, g.ints([count, window, count, window, width])]);
  const windows = g.op('Reshape', [
    g.op('Transpose', [split], { perm: [0, 2, 1, 3, 4] }),
    g.ints([count * count, window, window, width]),
  ]);
  const attended = attention(net, windows, name, { count: count * count, side: window, width });
  const separate = g.op('Reshape', [attended, g.ints([count, count, window, window, width])]);
  const whole = g.op('Reshape', [
    g.op('Transpose', [separate], { perm: [0, 2, 1, 3, 4] }),
    g.ints([1, count * window, count * window, width]),
  ]);
  return padding > 0
    ? g.op('Slice', [whole, g.ints([0, 0]), g.ints([cells, cells]), g.ints([1, 2])])
    : whole;
}

/** Attention over `count` squares [count,side,side,C]. */
function attention(
  net: Net,
  x: Value,
  name: string,
  { count, side, width }: { count: number; side: number; width: number },
): Value {
  const { g, w } = net;
  const size = w.shape(`${name}.attn.rel_pos_h`)[1];
  const heads = width / size;
  const [batch, cells] = [count * heads, side * side];
  const qkv = linear(net, g.op('Reshape', [x, g.ints([-1, width])]), `${name}.attn.qkv`);
  const split = g.op(
    'Transpose',
    [g.op('Reshape', [qkv, g.ints([count, cells, 3, heads, size])])],
    { perm: [2, 0, 3, 1, 4] },
  );
  const [q, k, v] = [0, 1, 2].map((i) =>
    g.op('Reshape', [
      g.op('Slice', [split, g.ints([i]), g.ints([i + 1]), g.ints([0])]),
      g.ints([batch, cells, size]),
    ]),
  );
  const scaled = g.op('Mul', [q, g.floats([size ** -0.5])]);
  const scores = g.op('MatMul', [scaled, g.op('Transpose', [k], { perm: [0, 2, 1] })]);
  const square = g.op('Reshape', [q, g.ints([batch, side, side, size])]);
  const rowBias = g.op('MatMul', [square, distanceEmbeddings(net, `${name}.attn.rel_pos_h`, side)]);
  const transposedBias = g.op('MatMul', [
    g.op('Transpose', [square], { perm: [0, 2, 1, 3] }),
    distanceEmbeddings(net, `${name}.attn.rel_pos_w`, side),
  ]);
  const columnBias = g.op('Transpose', [transposedBias], { perm: [0, 2, 1, 3] });
  const shaped = g.op('Reshape', [scores, g.ints([batch, side, side, side, side])]);
  const withRows = add(
    net,
    shaped,
    g.op('Reshape', [rowBias, g.ints([batch, side, side, side, 1])]),
  );
  const withBoth = add(
    net,
    withRows,
    g.op('Reshape', [columnBias, g.ints([batch, side, side, 1, side])]),
  );
  const weights = g.op('Softmax', [g.op('Reshape', [withBoth, g.ints([batch, cells, cells])])], {
    axis: -1,
  });
  const attended = g.op('Reshape', [
    g.op('MatMul', [weights, v]),
    g.ints([count, heads, cells, size]),
  ]);
  const joined = g.op('Reshape', [
    g.op('Transpose', [attended], { perm: [0, 2, 1, 3] }),
    g.ints([-1, width]),
  ]);
  return g.op('Reshape', [
    linear(net, joined, `${name}.attn.proj`),
    g.ints([count, side, side, width]),
  ]);
}

/**
 * Returns the embeddings of the distances between rows (or columns): [side of the query, C, side of
 * the key].
 */
function distanceEmbeddings({ g, w }: Net, name: string, side: number): Value {
  const size = w.shape(name)[1];
  const distances = Array.from(
    { length: side * side },
    (_, i) => Math.floor(i / side) - (i % side) + side - 1,
  );
  const rows = g.op('Gather', [w.value(g, name), g.ints(distances)], { axis: 0 });
  return g.op('Transpose', [g.op('Reshape', [rows, g.ints([side, side, size])])], {
    perm: [0, 2, 1],
  });
}
