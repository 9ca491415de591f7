// A ControlNet (arXiv 2302.05543) as two graphs: the hint's features, which are the same for a
// whole run, and the residuals of one evaluation.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { add, batchOf, conv, type Net, silu } from '../layers/blocks.ts';
import {
  channelsOf,
  contextTokens,
  runBlock,
  type SharedInputs,
  timeEmbedding,
} from '../unet/unet-layers.ts';
import type { Weights } from '../weights/tensors.ts';
import type { ControlNetConfig, HintConfig } from './config.ts';
import { featuresOfKind, kindEmbedding } from './union.ts';

/**
 * Builds the graph of the hint's features. Input `pixels` [N, hintChannels, 8H, 8W], output `hint`
 * [N, modelChannels, H, W]; `kind`: the control type of a union network.
 */
export function hintGraph(weights: Weights, config: HintConfig, kind?: number): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const last = config.hint.length - 1;
  const h = config.hint.reduce(
    (x: Value, name, i) => {
      const stride = i > 0 && i < last && i % 2 === 0 ? 2 : 1;
      const y = conv(net, x, name, { stride });
      return i === last ? y : silu(net, y);
    },
    g.input('pixels', ['N', config.hintChannels, 'Y', 'X']),
  );
  const features = kind === undefined ? h : featuresOfKind(net, h, kind);
  g.output('hint', features, ['N', weights.shape(`${config.hint[last]}.weight`)[0], 'H', 'W']);
  return g;
}

/**
 * Returns the names of controlGraph's outputs: residuals for the skips, in the order in which they
 * are computed, and for the middle.
 */
export const controlOutputs = (config: ControlNetConfig): string[] => [
  ...config.input.map((_, i) => `skip${i}`),
  'middle',
];

/**
 * Builds the graph of the residuals. Inputs: those of unetGraph, `hint` [1 or B, modelChannels, H,
 * W], `strength` [1], and for union networks `kinds` (kindsVector). Outputs `skip0` … and `middle`,
 * multiplied by the strength. `pooled`: the residuals are the means of their planes, [B, C, 1, 1].
 */
export function controlGraph(weights: Weights, config: ControlNetConfig, pooled: boolean): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const x = g.input('x', ['B', config.inChannels, 'H', 'W']);
  const hint = g.input('hint', ['N', config.modelChannels, 'H', 'W']);
  const strength = g.input('strength', [1]);
  const shared: SharedInputs = {
    batch: batchOf(net, x),
    embedding: timeEmbedding(
      net,
      config,
      config.kinds > 0 ? kindEmbedding(net, config.kinds) : undefined,
    ),
    context: contextTokens(net, config),
  };
  const addOutput = (name: string, h: Value, convolution: string, channels: number): void => {
    const residual = conv(net, h, convolution);
    const value = g.op('Mul', [
      pooled ? g.op('GlobalAveragePool', [residual]) : residual,
      strength,
    ]);
    g.output(name, value, ['B', channels, ...(pooled ? [1, 1] : [`${name}H`, `${name}W`])]);
  };

  let h = x;
  for (const [i, block] of config.input.entries()) {
    h = runBlock(net, block, h, shared);
    if (i === 0) h = add(net, h, hint);
    addOutput(`skip${i}`, h, `zero_convs.${i}.0`, channelsOf(net, block));
  }
  h = runBlock(net, config.middle, h, shared);
  addOutput('middle', h, 'middle_block_out.0', channelsOf(net, config.middle));
  return g;
}
