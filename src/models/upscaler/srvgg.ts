// SRVGGNetCompact (Real-ESRGAN, Wang et al. 2021): convolutions with PReLU at the source's size, a
// pixel-shuffle at the end, plus the upsampled source.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { add, conv, type Net } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import type { UpscalerReader } from './upscaler-kind.ts';

/** Recognises Real-ESRGAN Compact. */
export const srvgg: UpscalerReader = (weights) => {
  const isConvolution = (i: number): boolean =>
    weights.has(`body.${i}.weight`) && weights.shape(`body.${i}.weight`).length === 4;
  if (
    !isConvolution(0) ||
    !weights.has('body.1.weight') ||
    weights.shape('body.1.weight').length !== 1
  )
    return undefined;
  let last = 0;
  while (isConvolution(last + 2)) last += 2;
  const inChannels = weights.shape('body.0.weight')[1];
  const channels = weights.shape(`body.${last}.weight`)[0];
  // the shapes determine scale² x colours only: the most likely number of colours is used
  const outChannels = [inChannels, 3, 4, 1].find((colours) =>
    Number.isInteger(Math.sqrt(channels / colours)),
  );
  if (outChannels === undefined) return undefined;
  const scale = Math.sqrt(channels / outChannels);
  return {
    name: 'SRVGGNetCompact',
    scale,
    inChannels,
    outChannels,
    sides: { minimum: 1, multiple: 1 },
    graph: () => buildGraph(weights, last, scale, outChannels),
  };
};

function buildGraph(weights: Weights, last: number, scale: number, outChannels: number): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const x = g.input('x', ['B', weights.shape('body.0.weight')[1], 'H', 'W']);
  let h = x;
  for (let i = 0; i < last; i += 2) h = prelu(net, conv(net, h, `body.${i}`), `body.${i + 1}`);
  h = g.op('DepthToSpace', [conv(net, h, `body.${last}`)], { blocksize: scale, mode: 'CRD' });
  const enlarged = g.op('Resize', [x, '', g.floats([1, 1, scale, scale])], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
  g.output('out', add(net, h, enlarged), ['B', outChannels, 'h', 'w']);
  return g;
}

function prelu({ g, w }: Net, x: Value, name: string): Value {
  const [slopes] = w.shape(`${name}.weight`);
  return g.op('PRelu', [x, w.value(g, `${name}.weight`, { dims: [slopes, 1, 1] })]);
}
