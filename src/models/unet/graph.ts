// The UNet of Stable Diffusion 1, 2 and XL (Rombach et al. 2022, Podell et al. 2023) as a graph
// with free batch, height, width and tokens.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { add, batchOf, conv, groupNorm, type Net, silu } from '../layers/blocks.ts';
import { im2colTables } from '../layers/im2col.ts';
import type { Int8Plan } from '../layers/int8.ts';
import type { TileSide } from '../layers/winograd.ts';
import type { Weights } from '../weights/tensors.ts';
import type { UNetConfig, UNetLayer } from './config.ts';
import { joinFreeU } from './freeu.ts';
import { type KeyValueSources, keyValueSources } from './hypernetwork.ts';
import type { Hypernetwork } from './hypernetwork-file.ts';
import {
  channelsOf,
  contextTokens,
  runBlock,
  type SharedInputs,
  timeEmbedding,
} from './unet-layers.ts';

/**
 * Additions to the graph. Their numbers are inputs, so that the session can be used again when a
 * number changes.
 */
export interface UNetGraphOptions {
  /** Version of FreeU. Adds the input `freeU` [4]: b1, b2 (version 2: minus 1), s1 - 1, s2 - 1. */
  readonly freeU?: 1 | 2;
  /**
   * Adds the input `unattended` [1]: above 0.5 the middle block's self-attention returns its values
   * without attention (PAG, arXiv 2403.17377).
   */
  readonly unattended?: boolean;
  /**
   * Adds the inputs `middle` and `control0` …, deepest first, which are added after the middle and
   * to each skip. A single 0 [1, 1, 1, 1] adds nothing.
   */
  readonly control?: boolean;
  /**
   * Adds the inputs `adapter0` …, which are added to the outputs of the first half's blocks, in
   * their order. A single 0 adds nothing.
   */
  readonly adapter?: boolean;
  /** Applied one after another. Adds the input `hypernetworks` [n]: their strengths. */
  readonly hypernetworks?: readonly Hypernetwork[];
  /** Which layers compute in 8-bit integers. */
  readonly int8?: Int8Plan;
  /**
   * Computes 3x3 convolutions of the upper levels by Winograd, where their kernels are prepacked.
   */
  readonly winograd?: boolean;
}

/**
 * Tile sides by level. Deeper levels have so few tiles that reading Winograd's larger kernels takes
 * longer than the products that it saves.
 */
const WINOGRAD_LEVELS: readonly TileSide[] = [4, 4, 2];

/** Number of skips that the output blocks use, and of inputs `control…`. */
export const skipCount = (config: UNetConfig): number => config.output.length;

/**
 * Builds the UNet's graph. Inputs `x` [B, inChannels, H, W], `time` [B, modelChannels]
 * (timestepEmbedding), `context` [B, T, contextDim] and, with ADM, `y` [B, admChannels]; output
 * `out` [B, outChannels, H, W].
 */
export function unetGraph(
  weights: Weights,
  config: UNetConfig,
  options: UNetGraphOptions = {},
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8: options.int8 };
  const x = g.input('x', ['B', config.inChannels, 'H', 'W']);
  const shared: SharedInputs = {
    batch: batchOf(net, x),
    embedding: timeEmbedding(net, config),
    context: contextTokens(net, config),
    keyValueSources: hypernetworkTokens(net, options),
  };
  const addInput = (h: Value, name: string): Value =>
    add(net, h, g.input(name, [`${name}B`, `${name}C`, `${name}H`, `${name}W`]));
  const controlled = (h: Value, name: string): Value => (options.control ? addInput(h, name) : h);

  let level = 0;
  const nets: Net[] = [];
  /** The net for the current level, where all feature maps have one size. */
  const atLevel = (features: Value): Net => {
    nets[level] ??= {
      ...net,
      im2col: im2colTables(g, features),
      winograd: options.winograd ? WINOGRAD_LEVELS[level] : undefined,
    };
    return nets[level];
  };
  const has = (block: readonly UNetLayer[], kind: UNetLayer['kind']): boolean =>
    block.some((layer) => layer.kind === kind);

  let h = x;
  const skips: Value[] = [];
  for (const [i, block] of config.input.entries()) {
    h = runBlock(atLevel(h), block, h, shared);
    if (has(block, 'down')) level++;
    if (options.adapter) h = addInput(h, `adapter${i}`);
    skips.push(h);
  }
  h = controlled(
    runBlock(atLevel(h), config.middle, h, { ...shared, unattended: unattended(net, options) }),
    'middle',
  );
  const join = joiner(net, config, options);
  let channels = channelsOf(
    net,
    config.middle.length > 0 ? config.middle : config.input[config.input.length - 1],
  );
  for (const [i, block] of config.output.entries()) {
    h = join(h, channels, controlled(skips.pop()!, `control${i}`));
    h = runBlock(atLevel(h), block, h, shared, skips.at(-1));
    if (has(block, 'up')) level--;
    channels = channelsOf(net, block);
  }
  h = conv(net, silu(net, groupNorm(net, h, 'out.0', 1e-5)), 'out.2');
  g.output('out', h, ['B', config.outChannels, 'H', 'W']);
  return g;
}

/** Declares the input of the strengths, if there are hypernetworks. */
function hypernetworkTokens(
  net: Net,
  { hypernetworks = [] }: UNetGraphOptions,
): KeyValueSources | undefined {
  if (hypernetworks.length === 0) return undefined;
  const { g } = net;
  const strengths = g.input('hypernetworks', [hypernetworks.length]);
  return keyValueSources(
    net,
    hypernetworks,
    hypernetworks.map((_, i) => g.op('Slice', [strengths, g.ints([i]), g.ints([i + 1])])),
  );
}

/** Declares the switch of perturbed attention, if there is one. */
function unattended({ g }: Net, options: UNetGraphOptions): Value | undefined {
  return options.unattended
    ? g.op('Greater', [g.input('unattended', [1]), g.floats([0.5])])
    : undefined;
}

/** Returns the function that joins backbone and skip along the channels. */
function joiner(
  net: Net,
  config: UNetConfig,
  { freeU }: UNetGraphOptions,
): (h: Value, channels: number, skip: Value) => Value {
  const { g } = net;
  const concat = (h: Value, skip: Value): Value => g.op('Concat', [h, skip], { axis: 1 });
  if (!freeU) return (h, _, skip) => concat(h, skip);
  const numbers = g.input('freeU', [4]);
  const number = (i: number): Value => g.op('Slice', [numbers, g.ints([i]), g.ints([i + 1])]);
  const scales = new Map(
    [4, 2].map((multiple, i) => [
      config.modelChannels * multiple,
      { backbone: number(i), skip: number(i + 2) },
    ]),
  );
  return (h, channels, skip) => {
    const levelScales = scales.get(channels);
    return levelScales ? joinFreeU(net, freeU, h, channels, skip, levelScales) : concat(h, skip);
  };
}
