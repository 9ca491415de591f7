// The vision tower of Qwen2.5-VL (Bai et al. 2025; comfy/text_encoders/qwen_vl.py): patches with
// rotary positions, most blocks on windows, then one token of the language model for each group.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import {
  jointAttention,
  type Rotations,
  rmsNorm,
  rotateHalves,
  rotationInputs,
  swiGlu,
  tokenLinear,
} from '../dit/blocks.ts';
import { add, gelu, type Net } from '../layers/blocks.ts';
import { toIndices } from '../unet/number-tables.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';
import { GROUP, patchWidth, QWEN25_PATCHES } from './image-patches.ts';
import { WINDOW } from './windows.ts';

export interface VisionTowerConfig {
  readonly width: number;
  readonly heads: number;
  readonly blocks: number;
  /** The width of the tokens. */
  readonly tokenWidth: number;
}

/** The number of heads by the width, which the tensors do not show. */
const HEADS: ReadonlyMap<number, number> = new Map([
  [1280, 16],
  // small models for tests
  [32, 2],
]);
/** The blocks that attend to all patches. */
const WHOLE_BLOCKS: readonly number[] = [7, 15, 23, 31];
const EPSILON = 1e-6;

/** Reads the sizes. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function visionTowerConfig(weights: Weights): VisionTowerConfig {
  const [width] = weights.shape('patch_embed.proj.weight');
  const [tokenWidth] = weights.shape('merger.mlp.2.weight');
  return {
    width,
    heads: HEADS.get(width) ?? 16,
    blocks: countLayers(weights, 'blocks'),
    tokenWidth,
  };
}

/** What attention within windows needs. */
interface Windowing {
  readonly windows: Value;
  readonly places: Value;
  readonly bias: Value;
}

/**
 * Builds the graph: inputs `patches` [1, N, patchWidth], `patchCos` and `patchSin` [N, D / 2], and
 * those of windowsOf; output `tokens` [1, N / 4, tokenWidth].
 */
export function visionTowerGraph(weights: Weights, config: VisionTowerConfig): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const { width, heads, blocks, tokenWidth } = config;
  let x = tokenLinear(
    net,
    g.input('patches', [1, 'N', patchWidth(QWEN25_PATCHES)]),
    'patch_embed.proj',
  );
  const rotations = rotationInputs(net, 'patch', width / heads / 2);
  const windowing = {
    windows: toIndices(g, g.input('windows', ['P'])),
    places: toIndices(g, g.input('places', ['N'])),
    bias: g.input('windowBias', ['W', 1, WINDOW, WINDOW]),
  };
  for (let i = 0; i < blocks; i++) {
    const own = WHOLE_BLOCKS.includes(i) ? undefined : windowing;
    x = block(net, x, `blocks.${i}`, { ...config, rotations, windowing: own });
  }
  const normed = rmsNorm(net, x, 'merger.ln_q.weight', EPSILON);
  const groups = g.op('Reshape', [normed, g.ints([1, -1, width * GROUP ** 2])]);
  const inner = gelu(net, tokenLinear(net, groups, 'merger.mlp.0'));
  g.output('tokens', tokenLinear(net, inner, 'merger.mlp.2'), [1, 'G', tokenWidth]);
  return g;
}

interface BlockContext extends VisionTowerConfig {
  readonly rotations: Rotations;
  /** Absent: patches attend to all others. */
  readonly windowing?: Windowing;
}

function block(net: Net, x: Value, name: string, at: BlockContext): Value {
  const { width, heads, rotations, windowing } = at;
  const normed = rmsNorm(net, x, `${name}.norm1.weight`, EPSILON);
  const [q, k, v] = [0, 1, 2].map((part) =>
    tokenLinear(net, normed, `${name}.attn.qkv`, [part * width, (part + 1) * width]),
  );
  const qkv = [rotateHalves(net, q, rotations), rotateHalves(net, k, rotations), v] as const;
  const sizes = { heads, depth: width / heads };
  const attended = windowing
    ? attendInWindows(net, qkv, windowing, { ...sizes, width })
    : jointAttention(net, ...qkv, sizes);
  const y = add(net, x, tokenLinear(net, attended, `${name}.attn.proj`));
  const inner = rmsNorm(net, y, `${name}.norm2.weight`, EPSILON);
  const [gate, up] = ['gate_proj', 'up_proj'].map((layer) =>
    tokenLinear(net, inner, `${name}.mlp.${layer}`),
  );
  return add(net, y, tokenLinear(net, swiGlu(net, gate, up), `${name}.mlp.down_proj`));
}

function attendInWindows(
  net: Net,
  qkv: readonly [Value, Value, Value],
  { windows, places, bias }: Windowing,
  { width, ...sizes }: { readonly width: number; readonly heads: number; readonly depth: number },
): Value {
  const { g } = net;
  const shape = g.ints([-1, WINDOW, width]);
  const [q, k, v] = qkv.map((x) =>
    g.op('Reshape', [g.op('Gather', [x, windows], { axis: 1 }), shape]),
  );
  const attended = jointAttention(net, q, k, v, { ...sizes, bias });
  const all = g.op('Reshape', [attended, g.ints([1, -1, width])]);
  return g.op('Gather', [all, places], { axis: 1 });
}
