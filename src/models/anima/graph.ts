// The graph of Anima: blocks of Cosmos-Predict2 (comfy/ldm/cosmos/predict2.py), which attend to the
// image, then to the prompt, each part modulated by the time through layers of low rank.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions } from '../dit/architecture.ts';
import {
  gatedAdd,
  modulatedNorm,
  modulationChunks,
  type Rotations,
  rmsNorm,
  rotationInputs,
  tokenLinear,
  vectorMlp,
} from '../dit/blocks.ts';
import { add, gelu, linear, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { adaptedPrompt } from './adapter.ts';
import { attention, type Placed } from './attention.ts';
import { type AnimaConfig, PATCH } from './config.ts';

const EPSILON = 1e-6;

/** What graphs have beside the plain one, whose context are the prompt's features themselves. */
export const EXTRAS = {
  /** The inputs of adaptedPrompt, and `tokens` [B, L, 2]. */
  adapter: 'adapter',
} as const;

/** The embedded time. */
interface Time {
  /** [B, C] */
  readonly vector: Value;
  /** What all modulations share, [B, 3 C]. */
  readonly shared: Value;
}

/** What all blocks attend to and are modulated by. */
interface BlockContext extends Pick<AnimaConfig, 'width' | 'heads' | 'depth'> {
  readonly net: Net;
  readonly context: Value;
  readonly time: Time;
  readonly rotations: Rotations;
}

/** The graph of Anima, with the EXTRAS. */
export function animaGraph(
  weights: Weights,
  config: AnimaConfig,
  { extras = [], int8, observe = () => undefined }: DitGraphOptions,
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const { width, channels, contextDim, adapter, blocks, depth } = config;
  const states = g.input('context', ['B', 'T', contextDim]);
  const context = extras.includes(EXTRAS.adapter)
    ? adaptedPrompt(net, adapter, states, g.input('tokens', ['B', 'L', 2]))
    : states;
  const patches = g.input('x', ['B', 'N', (channels + 1) * PATCH ** 2]);
  let x = tokenLinear(net, patches, 'x_embedder.proj.1');
  observe(g, 'x_embedder', x);
  const at: BlockContext = {
    ...config,
    net,
    context,
    time: embeddedTime(net, g.input('time', ['B', width])),
    rotations: rotationInputs(net, 'rope', depth / 2),
  };
  observe(g, 't_embedding_norm', at.time.vector);
  for (let i = 0; i < blocks; i++) {
    x = block(at, x, `blocks.${i}`);
    observe(g, `blocks.${i}`, x);
  }
  const out = lastLayer(at, x);
  observe(g, 'final_layer', out);
  g.output('out', out, ['B', 'N', channels * PATCH ** 2]);
  return g;
}

const embeddedTime = (net: Net, time: Value): Time => ({
  vector: rmsNorm(net, time, 't_embedding_norm.weight', EPSILON),
  shared: vectorMlp(net, time, ['t_embedder.1.linear_1', 't_embedder.1.linear_2']),
});

function block(at: BlockContext, x: Value, name: string): Value {
  const { net, context, rotations } = at;
  const part = (y: Value, of: string, f: (normed: Value) => Value): Value => {
    const [shift, scale, gate] = modulation(at, `${name}.adaln_modulation_${of}`, 3);
    return gatedAdd(net, y, gate, f(modulatedNorm(at, y, shift, scale)));
  };
  const attend = (which: string, queries: Placed, to: Placed): Value =>
    attention(net, at, `${name}.${which}`, { queries, context: to, out: 'output_proj' });
  const attended = part(x, 'self_attn', (normed) => {
    const itself = { x: normed, rotations };
    return attend('self_attn', itself, itself);
  });
  const crossed = part(attended, 'cross_attn', (normed) =>
    attend('cross_attn', { x: normed }, { x: context }),
  );
  return part(crossed, 'mlp', (normed) => {
    const inner = gelu(net, tokenLinear(net, normed, `${name}.mlp.layer1`));
    return tokenLinear(net, inner, `${name}.mlp.layer2`);
  });
}

/** Shift, scale and gate, or the first `count` of them, [B, 1, C] each. */
function modulation(
  { net, time, width }: BlockContext,
  name: string,
  count: 2 | 3,
): readonly Value[] {
  const { g } = net;
  const own = linear(net, linear(net, silu(net, time.vector), `${name}.1`), `${name}.2`);
  const shared =
    count === 3
      ? time.shared
      : g.op('Slice', [time.shared, g.ints([0]), g.ints([count * width]), g.ints([1])]);
  return modulationChunks(net, add(net, own, shared), count, width);
}

function lastLayer(at: BlockContext, x: Value): Value {
  const [shift, scale] = modulation(at, 'final_layer.adaln_modulation', 2);
  return tokenLinear(at.net, modulatedNorm(at, x, shift, scale), 'final_layer.linear');
}
