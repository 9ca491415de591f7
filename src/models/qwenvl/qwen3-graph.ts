// The vision tower of Qwen3-VL (Bai et al. 2025; comfy/text_encoders/qwen35.py and qwen3vl.py):
// patches with learned and rotary positions, then one token of the language model for each group,
// and further features of it from blocks inside (DeepStack, Meng et al. 2024).
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import {
  geluTanh,
  jointAttention,
  type Rotations,
  rotateHalves,
  rotationInputs,
  tokenLinear,
} from '../dit/blocks.ts';
import { add, gelu, layerNorm, type Net } from '../layers/blocks.ts';
import { toIndices } from '../unet/number-tables.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';
import { GROUP, patchWidth, QWEN3_PATCHES } from './image-patches.ts';

export interface Qwen3TowerConfig {
  readonly width: number;
  readonly heads: number;
  readonly blocks: number;
  /** The width of the tokens. */
  readonly tokenWidth: number;
  /** The side of the square of learned positions. */
  readonly positions: number;
  /** The blocks whose results become further features, in their order. */
  readonly deepstack: readonly number[];
}

/** What the tensors do not show, by the width. */
const SIZES: Readonly<Record<number, Pick<Qwen3TowerConfig, 'heads' | 'deepstack'>>> = {
  // Qwen3-VL 8B
  1152: { heads: 16, deepstack: [8, 16, 24] },
  // Qwen3-VL 4B
  1024: { heads: 16, deepstack: [5, 11, 17] },
  // small models for tests
  48: { heads: 2, deepstack: [0, 1, 3] },
  32: { heads: 2, deepstack: [1, 2, 4] },
};
const EPSILON = 1e-6;

/** What only Qwen3-VL has: the layers that make further features. */
export const DEEPSTACK = 'deepstack_merger_list';

/** The name of the output, and of the language model's input, of further features. */
export const deepstackName = (index: number): string => `seen${index}`;

/** Reads the sizes. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function qwen3TowerConfig(weights: Weights): Qwen3TowerConfig {
  const [width] = weights.shape('patch_embed.proj.weight');
  const [tokenWidth] = weights.shape('merger.linear_fc2.weight');
  const { heads, deepstack } = SIZES[width] ?? SIZES[1152];
  return {
    width,
    heads,
    deepstack,
    blocks: countLayers(weights, 'blocks'),
    tokenWidth,
    positions: Math.sqrt(weights.shape('pos_embed.weight')[0]),
  };
}

/**
 * Builds the graph: inputs `patches` [1, N, patchWidth], `patchCos` and `patchSin` [N, D / 2], and
 * those of learnedPositions; outputs `tokens` and deepstackName(…) [1, N / 4, tokenWidth].
 */
export function qwen3TowerGraph(weights: Weights, config: Qwen3TowerConfig): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const { width, heads, blocks, tokenWidth, deepstack } = config;
  const patches = g.input('patches', [1, 'N', patchWidth(QWEN3_PATCHES)]);
  let x = add(net, tokenLinear(net, patches, 'patch_embed.proj'), learned(net));
  const rotations = rotationInputs(net, 'patch', width / heads / 2);
  const output = (name: string, value: Value): void => g.output(name, value, [1, 'G', tokenWidth]);
  for (let i = 0; i < blocks; i++) {
    x = block(net, x, `blocks.${i}`, { ...config, rotations });
    const index = deepstack.indexOf(i);
    if (index < 0) continue;
    const name = `${DEEPSTACK}.${index}`;
    const normed = layerNorm(net, groups(net, x, width), `${name}.norm`, EPSILON);
    output(deepstackName(index), merged(net, normed, name));
  }
  const normed = layerNorm(net, x, 'merger.norm', EPSILON);
  output('tokens', merged(net, groups(net, normed, width), 'merger'));
  return g;
}

/** The learned positions of patches, between those of the table. */
function learned({ g, w }: Net): Value {
  const corners = toIndices(g, g.input('corners', [4, 'N']));
  const shares = g.input('shares', [4, 'N', 1]);
  const values = g.op('Gather', [w.value(g, 'pos_embed.weight'), corners], { axis: 0 });
  return g.op('ReduceSum', [g.op('Mul', [values, shares]), g.ints([0])], { keepdims: 1 });
}

const groups = ({ g }: Net, x: Value, width: number): Value =>
  g.op('Reshape', [x, g.ints([1, -1, width * GROUP ** 2])]);

const merged = (net: Net, x: Value, name: string): Value =>
  tokenLinear(net, gelu(net, tokenLinear(net, x, `${name}.linear_fc1`)), `${name}.linear_fc2`);

function block(
  net: Net,
  x: Value,
  name: string,
  { width, heads, rotations }: Qwen3TowerConfig & { readonly rotations: Rotations },
): Value {
  const normed = layerNorm(net, x, `${name}.norm1`, EPSILON);
  const [q, k, v] = [0, 1, 2].map((part) =>
    tokenLinear(net, normed, `${name}.attn.qkv`, [part * width, (part + 1) * width]),
  );
  const turned = [q, k].map((y) => rotateHalves(net, y, rotations));
  const attended = jointAttention(net, turned[0], turned[1], v, { heads, depth: width / heads });
  const y = add(net, x, tokenLinear(net, attended, `${name}.attn.proj`));
  const inner = tokenLinear(
    net,
    layerNorm(net, y, `${name}.norm2`, EPSILON),
    `${name}.mlp.linear_fc1`,
  );
  return add(net, y, tokenLinear(net, geluTanh(net, inner), `${name}.mlp.linear_fc2`));
}
