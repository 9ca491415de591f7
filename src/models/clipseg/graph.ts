// CLIPSeg (Lüddecke and Ecker 2022, arXiv 2112.10003): CLIP's vision transformer, and a small
// transformer that turns three of its states and the prompt's features into logits per pixel.
// Tensor names are those of transformers' CLIPSegForImageSegmentation.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { clipBlock, withPrefix } from '../clip/block.ts';
import { add, attention, batchOf, layerNorm, linear, type Net } from '../layers/blocks.ts';
import { VISION_LAYOUTS } from '../vision/graph.ts';
import type { Weights } from '../weights/tensors.ts';

/** The blocks of the vision transformer whose states the decoder takes, the deepest first. */
const DECODED_BLOCKS = [9, 6, 3];
const DECODER_HEADS = 4;
/** Width of a head of CLIP's attention. */
const HEAD_WIDTH = 64;

export const CLIPSEG_NAMES = {
  text: 'clip.text_model.',
  textProjection: 'clip.text_projection.weight',
  positions: 'clip.vision_model.embeddings.position_embedding.weight',
  patches: 'clip.vision_model.embeddings.patch_embedding.weight',
} as const;

const prefixed = (name: string): string => `clip.${name}`;

/**
 * Builds the graph. Inputs `pixels` [1,3,side,side], normalised, `positions` [T,width] for that
 * side, and `prompt` [1,projected]; output `logits` [side,side].
 */
export function clipSegGraph(weights: Weights, side: number): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const layout = VISION_LAYOUTS['hugging-face'];
  const [width, , patch] = weights.shape(CLIPSEG_NAMES.patches);
  const cells = side / patch;
  const pixels = g.input('pixels', [1, 3, side, side]);
  const positions = g.input('positions', [cells * cells + 1, width]);
  const batch = batchOf(net, pixels);

  const kernel = { kernel_shape: [patch, patch], strides: [patch, patch] };
  const patches = g.op('Reshape', [
    g.op('Conv', [pixels, weights.value(g, CLIPSEG_NAMES.patches)], kernel),
    g.ints([width, -1]),
  ]);
  const classToken = weights.value(g, prefixed(layout.classToken), { dims: [1, width] });
  const embedded = g.op('Concat', [classToken, g.op('Transpose', [patches], { perm: [1, 0] })], {
    axis: 0,
  });
  let x = layerNorm(net, g.op('Add', [embedded, positions]), prefixed(layout.before));
  const states: Value[] = [];
  for (let i = 0; i <= Math.max(...DECODED_BLOCKS); i++) {
    x = clipBlock(net, x, withPrefix('clip.', layout.block(i)), batch, {
      width,
      heads: width / HEAD_WIDTH,
      activation: 'quickGelu',
    });
    states[i] = x;
  }
  g.output(
    'logits',
    decoder(
      net,
      DECODED_BLOCKS.map((i) => states[i]),
      batch,
      cells,
    ),
    [side, side],
  );
  return g;
}

/** The small transformer: returns logits [side,side]. */
function decoder(net: Net, states: readonly Value[], batch: Value, cells: number): Value {
  const { g, w } = net;
  const [width, projected] = w.shape('decoder.film_mul.weight');
  const prompt = g.input('prompt', [1, projected]);
  let x: Value | undefined;
  for (const [i, state] of states.entries()) {
    const reduced = linear(net, state, `decoder.reduces.${i}`);
    if (x === undefined) {
      const scaled = g.op('Mul', [linear(net, prompt, 'decoder.film_mul'), reduced]);
      x = g.op('Add', [scaled, linear(net, prompt, 'decoder.film_add')]);
    } else x = add(net, reduced, x);
    x = decoderLayer(net, x, `decoder.layers.${i}`, batch, width);
  }
  const grid = g.op(
    'Transpose',
    [g.op('Slice', [x!, g.ints([1]), g.ints([cells * cells + 1]), g.ints([0])])],
    { perm: [1, 0] },
  );
  const planes = g.op('Reshape', [grid, g.ints([1, width, cells, cells])]);
  const logits = cellsToPixels(net, planes, 'decoder.transposed_convolution');
  return g.op('Squeeze', [logits, g.ints([0, 1])]);
}

/** A transformer block with norms after the sums. */
function decoderLayer(net: Net, x: Value, name: string, batch: Value, width: number): Value {
  const [q, k, v] = ['q', 'k', 'v'].map((part) => linear(net, x, `${name}.self_attn.${part}_proj`));
  const attended = linear(
    net,
    attention(net, q, k, v, { batch, channels: width, heads: DECODER_HEADS }),
    `${name}.self_attn.out_proj`,
  );
  const y = layerNorm(net, add(net, x, attended), `${name}.layer_norm1`);
  const inner = net.g.op('Relu', [linear(net, y, `${name}.mlp.fc1`)]);
  return layerNorm(net, add(net, y, linear(net, inner, `${name}.mlp.fc2`)), `${name}.layer_norm2`);
}

/**
 * Enlarges cells to pixels: by a transposed convolution or, in the refined models, by three layers.
 */
function cellsToPixels(net: Net, x: Value, name: string): Value {
  const { g, w } = net;
  if (w.has(`${name}.weight`)) return transposed(net, x, name);
  const first = [w.value(g, `${name}.0.weight`), w.value(g, `${name}.0.bias`)];
  const y = g.op('Relu', [
    g.op('Conv', [x, ...first], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  ]);
  return transposed(net, g.op('Relu', [transposed(net, y, `${name}.2`)]), `${name}.4`);
}

/** A transposed convolution whose stride is its kernel's size. */
function transposed({ g, w }: Net, x: Value, name: string): Value {
  const [, , height, width] = w.shape(`${name}.weight`);
  const values = [w.value(g, `${name}.weight`), w.value(g, `${name}.bias`)];
  return g.op('ConvTranspose', [x, ...values], {
    kernel_shape: [height, width],
    strides: [height, width],
  });
}
