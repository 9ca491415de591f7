// T2I-Adapters (Mou et al. 2023, arXiv 2302.08453), full and light: an image's features in four
// sizes, from tensors in the original or diffusers' layout.
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { add, conv, type Net } from '../layers/blocks.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

export interface AdapterConfig {
  /** Side of the pixel-unshuffle; 16 for SDXL, else 8. */
  readonly unshuffle: number;
  readonly pixelChannels: number;
  readonly light: boolean;
  /** For UNets of three levels (SDXL). */
  readonly xl: boolean;
  readonly levels: number;
}

/** Residual blocks per level of a full adapter. */
const BLOCKS = 2;

/**
 * Returns the tensors of an adapter file by their original names; unknown names are not changed.
 */
export function adapterNames(tensors: ReadonlyMap<string, TensorInfo>): Map<string, TensorInfo> {
  const names = [...tensors].map(([name, info]) => [name.replace(/^adapter\./, ''), info] as const);
  const light = names.some(([name]) => name === 'body.0.in_conv.weight');
  const originalName = (name: string): string => {
    const block = /^body\.(\d+)\.(?:resnets\.(\d+)\.)?(.*)/.exec(name);
    if (!block) return name;
    const [, level, index = 0, rest] = block;
    if (light) return /resnets/.test(name) ? `body.${level}.body.${index}.${rest}` : name;
    return `body.${Number(level) * BLOCKS + Number(index)}.${rest}`;
  };
  const diffusers = names.some(([name]) => /^body\.\d+\.resnets\./.test(name));
  return new Map(diffusers ? names.map(([name, info]) => [originalName(name), info]) : names);
}

/**
 * Reads the architecture of an adapter. Throws DR_MODEL_UNSUPPORTED when a tensor that every
 * adapter has is missing.
 */
export function adapterConfig(weights: Weights): AdapterConfig {
  const light = weights.has('body.0.in_conv.weight');
  const channels = weights.shape(light ? 'body.0.in_conv.weight' : 'conv_in.weight')[1];
  // images of 1 or 3 channels, unshuffled by 16
  const xl = !light && (channels === 256 || channels === 768);
  const unshuffle = xl ? 16 : 8;
  const blocks = countLayers(weights, 'body');
  return {
    unshuffle,
    pixelChannels: channels / unshuffle ** 2,
    light,
    xl,
    levels: light ? blocks : blocks / BLOCKS,
  };
}

/**
 * Returns the block of the UNet's first half to which each level's features are added; in
 * three-level UNets the last features go to the middle.
 */
export const injectionBlocks = ({ xl }: AdapterConfig): readonly number[] =>
  xl ? [3, 5, 8] : [2, 5, 8, 11];

/** Returns the names of adapterGraph's outputs. */
export const adapterOutputs = ({ levels }: AdapterConfig): string[] =>
  Array.from({ length: levels }, (_, i) => `features${i}`);

/**
 * Builds the adapter. Input `pixels` [N, pixelChannels, H, W], sides multiples of `unshuffle`;
 * outputs `features0` … [N, C, h, w], from large to small.
 */
export function adapterGraph(weights: Weights, config: AdapterConfig): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  let h = pixelUnshuffle(net, g.input('pixels', ['N', config.pixelChannels, 'H', 'W']), config);
  if (!config.light) h = conv(net, h, 'conv_in');
  for (const [level, name] of adapterOutputs(config).entries()) {
    h = config.light
      ? extractor(net, h, level)
      : residualLevel(net, h, level, config.xl ? level === 2 : level > 0);
    const last = config.light
      ? `body.${level}.out_conv.weight`
      : `body.${(level + 1) * BLOCKS - 1}.block2.weight`;
    g.output(name, h, ['N', weights.shape(last)[0], `h${level}`, `w${level}`]);
  }
  return g;
}

/** Moves squares of pixels to the channels, grouped by colour (torch's PixelUnshuffle). */
function pixelUnshuffle(
  { g }: Net,
  pixels: Value,
  { unshuffle, pixelChannels }: AdapterConfig,
): Value {
  const unshuffled = g.op('SpaceToDepth', [pixels], { blocksize: unshuffle });
  if (pixelChannels === 1) return unshuffled;
  const area = unshuffle ** 2;
  const split = g.op('Reshape', [unshuffled, g.ints([0, area, pixelChannels, -1])]);
  const shape = g.op('Shape', [unshuffled]);
  return g.op('Reshape', [g.op('Transpose', [split], { perm: [0, 2, 1, 3] }), shape]);
}

/** The residual blocks of a level; with `down` they compute at half the size of `x`. */
function residualLevel(net: Net, x: Value, level: number, down: boolean): Value {
  let h = x;
  for (let i = 0; i < BLOCKS; i++) {
    const name = `body.${level * BLOCKS + i}`;
    if (down && i === 0)
      h = net.w.has(`${name}.down_opt.op.weight`)
        ? conv(net, h, `${name}.down_opt.op`, { stride: 2 })
        : averagePool2x2(net, h);
    if (net.w.has(`${name}.in_conv.weight`)) h = conv(net, h, `${name}.in_conv`);
    const shortcut = net.w.has(`${name}.skep.weight`) ? conv(net, h, `${name}.skep`) : h;
    h = add(net, twoConvolutions(net, h, name), shortcut);
  }
  return h;
}

/** A level of a light adapter. */
function extractor(net: Net, x: Value, level: number): Value {
  let h = conv(net, level > 0 ? averagePool2x2(net, x) : x, `body.${level}.in_conv`);
  for (let i = 0; net.w.has(`body.${level}.body.${i}.block1.weight`); i++)
    h = add(net, twoConvolutions(net, h, `body.${level}.body.${i}`), h);
  return conv(net, h, `body.${level}.out_conv`);
}

const twoConvolutions = (net: Net, x: Value, name: string): Value =>
  conv(net, net.g.op('Relu', [conv(net, x, `${name}.block1`)]), `${name}.block2`);

/** Averages squares of 2 x 2; odd sides are padded with a border of 0. */
function averagePool2x2({ g }: Net, x: Value): Value {
  const border = g.op('Mod', [g.op('Shape', [x], { start: 2, end: 4 }), g.ints([2])]);
  const none = g.ints([0, 0]);
  const padded = g.op('Pad', [x, g.op('Concat', [none, border, none, border], { axis: 0 })]);
  return g.op('AveragePool', [padded], { kernel_shape: [2, 2], strides: [2, 2] });
}
