// The mask decoder of Segment Anything (Kirillov et al. 2023): tokens and image features attend to
// each other twice; each mask token then becomes a filter over the upsampled features.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { add, gelu, linear, type Net } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { encoderShape, norm, norm2d } from './encoder.ts';

const HEADS = 8;
const MASKS = 4;
const EPSILON = 1e-5;
const TRANSFORMER = 'mask_decoder.transformer';

/**
 * Builds the decoder. Inputs `features` and `position` [1,C,cells,cells], `prompt` [N,C]; outputs
 * `masks` [4,4 cells,4 cells], `scores` [1,4].
 */
export function decoderGraph(w: Weights): Graph {
  const g = createGraph();
  const net: Net = { g, w };
  const { cells, channels } = encoderShape(w);
  const features = g.input('features', [1, channels, cells, cells]);
  const position = g.input('position', [1, channels, cells, cells]);
  const prompt = g.input('prompt', ['N', channels]);
  const outputTokens = ['iou_token', 'mask_tokens'].map((name) =>
    w.value(g, `mask_decoder.${name}.weight`),
  );
  const tokens = g.op('Concat', [...outputTokens, prompt], { axis: 0 });
  const rows = (x: Value): Value =>
    g.op('Transpose', [g.op('Reshape', [x, g.ints([channels, cells * cells])])], { perm: [1, 0] });
  const noMaskEmbedding = w.value(g, 'prompt_encoder.no_mask_embed.weight', {
    dims: [1, channels, 1, 1],
  });
  const { queries, keys } = twoWay(
    net,
    tokens,
    rows(add(net, features, noMaskEmbedding)),
    rows(position),
  );

  const square = g.op('Reshape', [
    g.op('Transpose', [keys], { perm: [1, 0] }),
    g.ints([1, channels, cells, cells]),
  ]);
  const first = gelu(
    net,
    norm2d(
      net,
      upsample2x(net, square, 'mask_decoder.output_upscaling.0'),
      'mask_decoder.output_upscaling.1',
    ),
  );
  const large = gelu(net, upsample2x(net, first, 'mask_decoder.output_upscaling.3'));
  const token = (i: number): Value =>
    g.op('Slice', [queries, g.ints([i]), g.ints([i + 1]), g.ints([0])]);
  const filters = Array.from({ length: MASKS }, (_, i) =>
    perceptron(net, token(i + 1), `mask_decoder.output_hypernetworks_mlps.${i}`),
  );
  const flat = g.op('Reshape', [large, g.ints([channels / 8, 16 * cells * cells])]);
  const masks = g.op('MatMul', [g.op('Concat', filters, { axis: 0 }), flat]);
  g.output('masks', g.op('Reshape', [masks, g.ints([MASKS, 4 * cells, 4 * cells])]), [
    MASKS,
    4 * cells,
    4 * cells,
  ]);
  g.output('scores', perceptron(net, token(0), 'mask_decoder.iou_prediction_head'), [1, MASKS]);
  return g;
}

/** The transformer in which tokens attend to the image and the image to the tokens. */
function twoWay(
  net: Net,
  tokens: Value,
  image: Value,
  position: Value,
): { queries: Value; keys: Value } {
  let [queries, keys] = [tokens, image];
  for (let i = 0; net.w.has(`${TRANSFORMER}.layers.${i}.norm1.weight`); i++) {
    const name = `${TRANSFORMER}.layers.${i}`;
    const normed = (x: Value, n: number): Value => norm(net, x, `${name}.norm${n}`, EPSILON);
    if (i === 0) queries = attention(net, [queries, queries, queries], `${name}.self_attn`);
    else {
      const q = add(net, queries, tokens);
      queries = add(net, queries, attention(net, [q, q, queries], `${name}.self_attn`));
    }
    queries = normed(queries, 1);
    const positioned = add(net, keys, position);
    queries = normed(
      add(
        net,
        queries,
        attention(
          net,
          [add(net, queries, tokens), positioned, keys],
          `${name}.cross_attn_token_to_image`,
        ),
      ),
      2,
    );
    const mlp = linear(
      net,
      net.g.op('Relu', [linear(net, queries, `${name}.mlp.lin1`)]),
      `${name}.mlp.lin2`,
    );
    queries = normed(add(net, queries, mlp), 3);
    keys = normed(
      add(
        net,
        keys,
        attention(
          net,
          [positioned, add(net, queries, tokens), queries],
          `${name}.cross_attn_image_to_token`,
        ),
      ),
      4,
    );
  }
  const last = attention(
    net,
    [add(net, queries, tokens), add(net, keys, position), keys],
    `${TRANSFORMER}.final_attn_token_to_image`,
  );
  return {
    queries: norm(net, add(net, queries, last), `${TRANSFORMER}.norm_final_attn`, EPSILON),
    keys,
  };
}

/** Multi-head attention on rows [N,C]. */
function attention(net: Net, qkv: readonly Value[], name: string): Value {
  const { g, w } = net;
  const size = w.shape(`${name}.q_proj.weight`)[0] / HEADS;
  const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((part, i) => {
    const split = g.op('Reshape', [
      linear(net, qkv[i], `${name}.${part}`),
      g.ints([-1, HEADS, size]),
    ]);
    return g.op('Transpose', [split], { perm: part === 'k_proj' ? [1, 2, 0] : [1, 0, 2] });
  });
  const weights = g.op(
    'Softmax',
    [g.op('Div', [g.op('MatMul', [q, k]), g.floats([Math.sqrt(size)])])],
    { axis: -1 },
  );
  const attended = g.op('Transpose', [g.op('MatMul', [weights, v])], { perm: [1, 0, 2] });
  return linear(net, g.op('Reshape', [attended, g.ints([-1, HEADS * size])]), `${name}.out_proj`);
}

/** Linear layers with ReLU between them. */
function perceptron(net: Net, x: Value, name: string): Value {
  let y = linear(net, x, `${name}.layers.0`);
  for (let i = 1; net.w.has(`${name}.layers.${i}.weight`); i++)
    y = linear(net, net.g.op('Relu', [y]), `${name}.layers.${i}`);
  return y;
}

/** Doubles the size by a transposed convolution. */
const upsample2x = ({ g, w }: Net, x: Value, name: string): Value =>
  g.op('ConvTranspose', [x, w.value(g, `${name}.weight`), w.value(g, `${name}.bias`)], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  });
