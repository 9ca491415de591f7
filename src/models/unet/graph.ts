// The UNet of Stable Diffusion 1, 2 and XL (Rombach et al. 2022, Podell et al. 2023) as a graph
// with free batch, height, width and tokens.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { gatedAttention } from '../gligen/gated-attention.ts';
import { GLIGEN_TOKENS, type Gligen } from '../gligen/load.ts';
import { add, batchOf, conv, groupNorm, type Net, silu } from '../layers/blocks.ts';
import { im2colTables } from '../layers/im2col.ts';
import type { Int8Plan } from '../layers/int8.ts';
import type { TileSide } from '../layers/winograd.ts';
import type { Weights } from '../weights/tensors.ts';
import { attentionGuides } from './attention-guidance.ts';
import { hasLayer, type UNetConfig } from './config.ts';
import { resizeFeatures, resizeNearest } from './feature-resize.ts';
import { type ShrinkPoints, shrinkPoints } from './feature-sizes.ts';
import { type KeyValueSources, keyValueSources } from './hypernetwork.ts';
import type { Hypernetwork } from './hypernetwork-file.ts';
import { sliceAt } from './number-tables.ts';
import { queryChangers } from './query-changers.ts';
import type { QueryChange } from './query-patches.ts';
import { receivedAttention } from './received-attention.ts';
import { joiner, shrinkInput, upInput } from './skip-joins.ts';
import {
  channelsOf,
  contextTokens,
  runBlock,
  type SharedInputs,
  timeEmbedding,
} from './unet-layers.ts';
import { patchesOf, type UNetPatch } from './unet-patch.ts';

/**
 * Additions to the graph. Their numbers are inputs, so that the session can be used again when a
 * number changes.
 */
export interface UNetGraphOptions {
  /**
   * Patches in their order. FreeU adds an input `freeU…` [4]: b1, b2 (version 2: minus 1), s1 - 1,
   * s2 - 1. Deep shrink adds those of its resizes; their names begin with `shrink`, `join`, `up`.
   * Attention guidance adds `guidance…`.
   */
  readonly patches?: readonly UNetPatch[];
  /**
   * What is done to queries, by the index of the self-attention. Adds the inputs `tiles`, and
   * `mergeOrders`, `mergeInverses` and `mergeCounts`.
   */
  readonly queryChanges?: ReadonlyMap<number, QueryChange>;
  /** Adds the output `attention` [B*T, N]: UNetInputs.onAttention. */
  readonly recordsAttention?: boolean;
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
  /** Adds the input `objects` [30, K]: the tokens of GLIGEN's objects. */
  readonly gligen?: Gligen;
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
  const batch = batchOf(net, x);
  const shared: SharedInputs = {
    batch,
    embedding: timeEmbedding(net, config),
    context: contextTokens(net, config),
    keyValueSources: hypernetworkTokens(net, options),
    nextQueries: queryChangers(net, options.queryChanges),
    nextFuse: objectFusers(net, options, batch),
    guides: attentionGuides(net, options.patches ?? [], batch),
  };
  const addInput = (h: Value, name: string): Value =>
    add(net, h, g.input(name, [`${name}B`, `${name}C`, `${name}H`, `${name}W`]));
  const controlled = (h: Value, name: string): Value => (options.control ? addInput(h, name) : h);
  const points = shrinkPoints(config, patchesOf(options.patches ?? [], 'deepShrink'));
  const shrink = (h: Value, patches: readonly number[]): Value =>
    patches.reduce((x, i) => resizeFeatures(g, x, shrinkInput(i), points.shrinks[i].down), h);

  let level = 0;
  const atLevel = netsByLevel(net, options);

  let h = x;
  const skips: Value[] = [];
  for (const [i, block] of config.input.entries()) {
    h = runBlock(atLevel(h, level, depthBefore(points, i)), block, h, shared);
    if (hasLayer(block, 'down')) level++;
    if (options.adapter) h = addInput(h, `adapter${i}`);
    h = shrink(h, points.before[i]);
    skips.push(h);
    h = shrink(h, points.after[i]);
  }
  const middle = { ...shared, ...middleInputs(net, options) };
  const inMiddle = atLevel(h, level, depthBefore(points, config.input.length));
  h = controlled(runBlock(inMiddle, config.middle, h, middle), 'middle');
  const join = joiner(net, config, options.patches ?? [], points);
  let channels = channelsOf(
    net,
    config.middle.length > 0 ? config.middle : config.input[config.input.length - 1],
  );
  for (const [j, block] of config.output.entries()) {
    h = join(h, channels, controlled(skips.pop()!, `control${j}`), j);
    const enlarge = points.ups.has(j)
      ? (features: Value): Value => resizeNearest(g, features, upInput(j))
      : undefined;
    const atSkip = atLevel(h, level, points.depths[skips.length]);
    h = runBlock(atSkip, block, h, shared, skips.at(-1), enlarge);
    if (hasLayer(block, 'up')) level--;
    channels = channelsOf(net, block);
  }
  h = conv(net, silu(net, groupNorm(net, h, 'out.0', 1e-5)), 'out.2');
  g.output('out', h, ['B', config.outChannels, 'H', 'W']);
  return g;
}

/** Number of deep shrinks before an input block. */
const depthBefore = ({ depths, after }: ShrinkPoints, block: number): number =>
  block === 0 ? 0 : depths[block - 1] + after[block - 1].length;

/**
 * Returns the net for a level and a number of deep shrinks before it, where all feature maps have
 * one size.
 */
function netsByLevel(
  net: Net,
  options: UNetGraphOptions,
): (features: Value, level: number, depth: number) => Net {
  const nets = new Map<string, Net>();
  return (features, level, depth) => {
    const key = `${level} ${depth}`;
    const atKey = nets.get(key) ?? {
      ...net,
      im2col: im2colTables(net.g, features),
      winograd: options.winograd ? WINOGRAD_LEVELS[level] : undefined,
    };
    nets.set(key, atKey);
    return atKey;
  };
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
    hypernetworks.map((_, i) => sliceAt(g, strengths, i)),
  );
}

/** Declares the input of GLIGEN's objects; returns what fuses them, one transformer at a time. */
function objectFusers(
  net: Net,
  { gligen }: UNetGraphOptions,
  batch: Value,
): SharedInputs['nextFuse'] {
  if (!gligen) return undefined;
  const objects = net.g.input('objects', [GLIGEN_TOKENS, gligen.keyWidth]);
  const fuse = gatedAttention(net, gligen, objects);
  let transformer = 0;
  return () => {
    const index = transformer++;
    return (x) => fuse(x, index, batch);
  };
}

/** Declares the switch of perturbed attention, and what is recorded, if there are. */
function middleInputs(
  { g }: Net,
  options: UNetGraphOptions,
): Pick<SharedInputs, 'unattended' | 'record'> {
  return {
    unattended: options.unattended
      ? g.op('Greater', [g.input('unattended', [1]), g.floats([0.5])])
      : undefined,
    record: options.recordsAttention
      ? (attention) => g.output('attention', receivedAttention(g, attention), ['BT', 'N'])
      : undefined,
  };
}
