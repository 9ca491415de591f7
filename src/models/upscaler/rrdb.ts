// RRDBNet: residual-in-residual dense blocks, then nearest-neighbour upsampling with convolutions
// (ESRGAN, Wang et al. 2018; ESRGAN+, Rakotonirina & Rasoanaivo 2020; Real-ESRGAN, Wang et al.
// 2021, which for scales below 4 starts with a pixel-unshuffle).
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { add, conv, type Net, upsampleNearest2x } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import type { UpscalerReader } from './upscaler-kind.ts';

/** Names of the layers. */
interface Naming {
  readonly first: string;
  /** Prefix of a dense block: `block` from 0, `part` 1..3. */
  dense(block: number, part: number): string;
  /** Suffix of a dense block's convolution, 1..5. */
  inner(index: number): string;
  /** The convolution after the last of `blocks` blocks. */
  trunk(blocks: number): string;
  /** The convolution after upsampling number `index`, from 1. */
  up(index: number): string;
  /** The last two convolutions, after `upsamplings` upsamplings. */
  high(upsamplings: number): string;
  last(upsamplings: number): string;
}

const NAMINGS: readonly Naming[] = [
  // ESRGAN's first release: modules are numbered, activations and upsamplings included
  {
    first: 'model.0',
    dense: (block, part) => `model.1.sub.${block}.RDB${part}`,
    inner: (index) => `conv${index}.0`,
    trunk: (blocks) => `model.1.sub.${blocks}`,
    up: (index) => `model.${3 * index}`,
    high: (upsamplings) => `model.${3 * upsamplings + 2}`,
    last: (upsamplings) => `model.${3 * upsamplings + 4}`,
  },
  // Real-ESRGAN
  {
    first: 'conv_first',
    dense: (block, part) => `body.${block}.rdb${part}`,
    inner: (index) => `conv${index}`,
    trunk: () => 'conv_body',
    up: (index) => `conv_up${index}`,
    high: () => 'conv_hr',
    last: () => 'conv_last',
  },
  // BSRGAN, RealSR and ESRGAN's second release
  {
    first: 'conv_first',
    dense: (block, part) => `RRDB_trunk.${block}.RDB${part}`,
    inner: (index) => `conv${index}`,
    trunk: () => 'trunk_conv',
    up: (index) => `upconv${index}`,
    high: () => 'HRconv',
    last: () => 'conv_last',
  },
];

/**
 * The head's convolutions at full size depend on three pixels to each side, which are two cells of
 * half the size; with the convolution there, two cells of a quarter.
 */
const HEAD_MARGIN = 2;

/** Recognises ESRGAN in any of its namings. */
export const rrdb: UpscalerReader = (weights) => {
  const naming = NAMINGS.find(
    (names) =>
      weights.has(`${names.dense(0, 1)}.${names.inner(1)}.weight`) &&
      weights.has(`${names.first}.weight`),
  );
  if (!naming) return undefined;
  const blocks = count((i) => weights.has(`${naming.dense(i, 1)}.${naming.inner(1)}.weight`));
  const upsamplings = count((i) => weights.has(`${naming.up(i + 1)}.weight`));
  const inChannels = weights.shape(`${naming.first}.weight`)[1];
  const outChannels = weights.shape(`${naming.last(upsamplings)}.weight`)[0];
  const unshuffle = [2, 4].find((side) => inChannels === outChannels * side * side) ?? 1;
  return {
    name: 'ESRGAN',
    scale: 2 ** upsamplings / unshuffle,
    inChannels: inChannels / unshuffle ** 2,
    outChannels,
    sides: unshuffle > 1 ? { minimum: 4, multiple: 4 } : { minimum: 2, multiple: 1 },
    graph: () => trunkGraph(weights, naming, blocks, unshuffle),
    head: {
      scale: 2 ** upsamplings,
      margin: HEAD_MARGIN,
      graph: () => headGraph(weights, naming, upsamplings),
    },
  };
};

/** Counts the indices from 0 for which `has` returns true. */
function count(has: (index: number) => boolean): number {
  let n = 0;
  while (has(n)) n++;
  return n;
}

/** The network before the first upsampling. */
function trunkGraph(weights: Weights, naming: Naming, blocks: number, unshuffle: number): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const [features, inChannels] = weights.shape(`${naming.first}.weight`);
  const colours = inChannels / unshuffle ** 2;
  const x = g.input('x', ['B', colours, 'H', 'W']);
  const first = conv(
    net,
    unshuffle > 1 ? pixelUnshuffle(net, x, unshuffle, colours) : x,
    naming.first,
  );
  let h = first;
  for (let i = 0; i < blocks; i++) h = block(net, h, naming, i);
  g.output('out', add(net, first, conv(net, h, naming.trunk(blocks))), ['B', features, 'h', 'w']);
  return g;
}

/** The network from the first upsampling on. */
function headGraph(weights: Weights, naming: Naming, upsamplings: number): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const [outChannels, features] = weights.shape(`${naming.last(upsamplings)}.weight`);
  let h = g.input('x', ['B', features, 'H', 'W']);
  for (let i = 1; i <= upsamplings; i++)
    h = leaky(net, conv(net, upsampleNearest2x(net, h), naming.up(i)));
  h = leaky(net, conv(net, h, naming.high(upsamplings)));
  g.output('out', conv(net, h, naming.last(upsamplings)), ['B', outChannels, 'h', 'w']);
  return g;
}

const leaky = ({ g }: Net, x: Value): Value => g.op('LeakyRelu', [x], { alpha: { float: 0.2 } });

/** A fifth of `x`, added to `shortcut`. */
const damped = (net: Net, x: Value, shortcut: Value): Value =>
  add(net, net.g.op('Mul', [x, net.g.floats([0.2])]), shortcut);

function block(net: Net, x: Value, naming: Naming, index: number): Value {
  let h = x;
  for (const part of [1, 2, 3]) h = dense(net, h, naming.dense(index, part), naming);
  return damped(net, h, x);
}

/**
 * Five convolutions, each over the outputs of all before it; ESRGAN+ adds shortcuts to the second
 * and the fourth.
 */
function dense(net: Net, x: Value, name: string, { inner }: Naming): Value {
  const isPlus = net.w.has(`${name}.conv1x1.weight`);
  const outputs = [x];
  const join = (): Value =>
    outputs.length === 1 ? x : net.g.op('Concat', [...outputs], { axis: 1 });
  for (const index of [1, 2, 3, 4]) {
    let y = leaky(net, conv(net, join(), `${name}.${inner(index)}`));
    if (isPlus && index === 2) y = add(net, y, conv(net, x, `${name}.conv1x1`));
    if (isPlus && index === 4) y = add(net, y, outputs[2]);
    outputs.push(y);
  }
  return damped(net, conv(net, join(), `${name}.${inner(5)}`), x);
}

/**
 * Moves squares of `side` pixels to the channels in torch's order: by colour, row, column
 * (SpaceToDepth has the colour last).
 */
function pixelUnshuffle({ g }: Net, x: Value, side: number, colours: number): Value {
  const order = Array.from(
    { length: colours * side * side },
    (_, i) => (i % (side * side)) * colours + Math.floor(i / (side * side)),
  );
  return g.op('Gather', [g.op('SpaceToDepth', [x], { blocksize: side }), g.ints(order)], {
    axis: 1,
  });
}
