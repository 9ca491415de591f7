// The graph of Krea 2 (comfy/ldm/krea2/model.py): the states of the prompt are fused to one, tokens
// of prompt and image pass blocks as one stream, and the last layer makes the prediction.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions, Observe } from '../dit/architecture.ts';
import { jointGuide } from '../dit/attention-guidance.ts';
import {
  geluTanh,
  joinTokens,
  modulate,
  modulationChunks,
  ropeRotations,
  tokenLinear,
  tokenMlp,
  tokensAfter,
  tokensLike,
} from '../dit/blocks.ts';
import { add, linear, type Net } from '../layers/blocks.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';
import { block, fusionBlock, norm, type Stream } from './blocks.ts';
import {
  BLOCK_MODULATION,
  type Krea2Config,
  LAST_MODULATION,
  LAYERWISE,
  PATCH,
  PROJECTOR,
  REFINERS,
} from './config.ts';

/** What graphs have beside the plain one. */
export const EXTRAS = {
  /** The input `references` [B, M, K], tokens that follow those of the latent. */
  references: 'references',
  /** Time 0 modulates the references: the input `timeZero` [1, K], the embedded time. */
  timeZero: 'time-zero',
} as const;

/** The graph of Krea 2, with the EXTRAS. */
export function krea2Graph(
  weights: Weights,
  config: Krea2Config,
  { extras = [], int8, guidances, observe = () => undefined }: DitGraphOptions,
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const { channels, blocks, image, rope } = config;
  const patches = (name: string, count: string): Value =>
    tokenLinear(net, g.input(name, ['B', count, channels * PATCH ** 2]), 'first');
  const latent = patches('x', 'N');
  observe(g, 'first', latent);
  const time = embeddedTime(net, config, 'time', 'B');
  const prompt = fusedPrompt(net, config, observe);
  const references = extras.includes(EXTRAS.references) ? [patches('references', 'M')] : [];
  const hasTimeZero = extras.includes(EXTRAS.timeZero);
  const zero = hasTimeZero ? [embeddedTime(net, config, 'timeZero', 1).blocks] : [];
  const times = [time.blocks, ...zero];
  let streams = hasTimeZero
    ? [joinTokens(net, [prompt, latent]), ...references]
    : [joinTokens(net, [prompt, latent, ...references])];
  const guide = jointGuide(net, guidances);
  const at = {
    net,
    sizes: image,
    rotations: ropeRotations(net, rope),
    guide: guide && ((attended: Value) => guide(attended, prompt)),
  };
  for (let i = 0; i < blocks; i++) {
    const name = `blocks.${i}`;
    const all = streams.map(
      (tokens, s): Stream => ({ tokens, modulations: modulationsOf(at, name, times[s]) }),
    );
    streams = block(at, name, all);
    observe(g, name, joinTokens(net, streams));
  }
  const own = tokensLike(net, tokensAfter(net, streams[0], prompt), latent);
  const out = lastLayer(net, own, time.last);
  g.output('out', out, ['B', 'N', channels * PATCH ** 2]);
  return g;
}

/** The embedded time for the last layer, [rows, C], and for the blocks, [rows, 6 C]. */
function embeddedTime(
  net: Net,
  { embedding }: Krea2Config,
  input: string,
  rows: string | number,
): { readonly last: Value; readonly blocks: Value } {
  const { g } = net;
  const inner = linear(net, g.input(input, [rows, embedding]), 'tmlp.0');
  const last = linear(net, geluTanh(net, inner), 'tmlp.2');
  const blocks = linear(net, geluTanh(net, last), 'tproj.1');
  return { last, blocks };
}

/** The tokens of the input `context` [B, T, states * K], one for the states of each. */
function fusedPrompt(net: Net, { text, states }: Krea2Config, observe: Observe): Value {
  const { g, w } = net;
  const fuse = (x: Value, list: string): Value => {
    let y = x;
    for (let i = 0; i < countLayers(w, list); i++) {
      y = fusionBlock(net, y, `${list}.${i}`, text);
      observe(g, `${list}.${i}`, y);
    }
    return y;
  };
  const context = g.input('context', ['B', 'T', states * text.width]);
  const apart = g.op('Reshape', [context, g.ints([-1, states, text.width])]);
  const across = g.op('Transpose', [fuse(apart, LAYERWISE)], { perm: [0, 2, 1] });
  const shape = g.op('Concat', [g.op('Shape', [context], { end: 2 }), g.ints([text.width])], {
    axis: 0,
  });
  const one = g.op('Reshape', [tokenLinear(net, across, PROJECTOR), shape]);
  const fused = fuse(one, REFINERS);
  observe(g, 'txtfusion', fused);
  const tokens = tokenMlp(net, norm(net, fused, 'txtmlp.0'), ['txtmlp.1', 'txtmlp.3']);
  observe(g, 'txtmlp', tokens);
  return tokens;
}

/** The six modulations of a block: those of the time, and its own. */
const modulationsOf = (
  { net, sizes: { width } }: { readonly net: Net; readonly sizes: Krea2Config['image'] },
  name: string,
  time: Value,
): readonly Value[] => {
  const own = net.w.value(net.g, `${name}.${BLOCK_MODULATION}`);
  return modulationChunks(net, add(net, time, own), 6, width);
};

function lastLayer(net: Net, x: Value, time: Value): Value {
  const [scale, shift] = [0, 1].map((row) => {
    const own = net.w.value(net.g, LAST_MODULATION, { rows: [row, row + 1] });
    return net.g.op('Unsqueeze', [add(net, time, own), net.g.ints([1])]);
  });
  return tokenLinear(net, modulate(net, norm(net, x, 'last.norm'), scale, shift), 'last.linear');
}
