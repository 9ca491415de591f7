// Images as tokens of a language model's prompt.
import { toNCHW } from '../../image/channel-order.ts';
import type { Graph } from '../../onnx/builder.ts';
import type { NetworkInputs, NetworkSpec } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { reshape, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import type { ImageTokens } from '../clip/text-encoder.ts';
import { ropeInputs } from '../dit/rope.ts';
import { rotations } from '../llm/positions.ts';
import { streamedWhereLarge } from '../weights/streamed.ts';
import type { Weights } from '../weights/tensors.ts';
import { visionTowerConfig, visionTowerGraph } from './graph.ts';
import {
  type GroupGrid,
  groupGrid,
  imagePatches,
  type PatchRule,
  QWEN3_PATCHES,
  QWEN25_PATCHES,
} from './image-patches.ts';
import { learnedPositions } from './learned-positions.ts';
import { DEEPSTACK, deepstackName, qwen3TowerConfig, qwen3TowerGraph } from './qwen3-graph.ts';
import { patchPositions, windowsOf } from './windows.ts';

const THETA = 10000;

/** What the towers differ in. */
interface Tower {
  readonly patches: PatchRule;
  readonly width: number;
  readonly heads: number;
  /** The names of the outputs beside `tokens`. */
  readonly deepstack: readonly string[];
  /** The products of queries and keys of a patch in one block, for a number of patches. */
  readonly products: (patches: number) => number;
  readonly graph: (weights: Weights) => Graph;
  /** Its own inputs for the patches of an image. */
  readonly inputs: (grid: GroupGrid) => NetworkInputs;
}

function towerOf(weights: Weights): Tower {
  if (weights.hasPrefix(`${DEEPSTACK}.`)) {
    const config = qwen3TowerConfig(weights);
    return {
      ...config,
      patches: QWEN3_PATCHES,
      deepstack: config.deepstack.map((_, i) => deepstackName(i)),
      products: (patches) => patches * config.heads,
      graph: (over) => qwen3TowerGraph(over, config),
      inputs: (grid) => ({ ...learnedPositions(grid, config.positions) }),
    };
  }
  const config = visionTowerConfig(weights);
  return {
    ...config,
    patches: QWEN25_PATCHES,
    deepstack: [],
    products: () => 64 * config.heads,
    graph: (over) => visionTowerGraph(over, config),
    inputs: (grid) => ({ ...windowsOf(grid) }),
  };
}

/**
 * Returns the encoder of images [N, H, W, 3] in 0..1, of which it sees the first. Throws
 * DR_MODEL_UNSUPPORTED when tensors are missing.
 */
export function createVisionTower(
  runtime: Runtime,
  weights: Weights,
): (image: Tensor) => Promise<ImageTokens> {
  const tower = towerOf(weights);
  const { width, heads, deepstack } = tower;
  const spec: NetworkSpec = {
    file: weights.file,
    part: 'vision tower',
    outputs: ['tokens', ...deepstack],
    // the values of a block, and the products of its attention before and after softmax
    workingBytes: ({ patches: { shape } }) =>
      4 * shape[1] * (16 * width + 2 * tower.products(shape[1])),
    outOfMemoryHint: 'Use smaller or fewer images, or free memory for this process.',
    ...streamedWhereLarge(weights, tower.graph),
  };
  const network = runtime.network(spec);
  // half of a head's pairs turn with the row, half with the column
  const each = width / heads / 4;
  const pairs = [0, 1].map((axis) => ({ axis, count: each, first: 0 }));
  return async (image) => {
    const first = sliceBatch(toNCHW(image), 0, 1);
    const grid = groupGrid(first.shape[2], first.shape[3], tower.patches);
    const patches = imagePatches(first, grid, tower.patches);
    const { tokens, ...more } = await network.run({
      patches: reshape(patches, [1, ...patches.shape]),
      ...ropeInputs(
        'patch',
        rotations(patchPositions(grid), pairs, { depth: 2 * each, theta: THETA }),
      ),
      ...tower.inputs(grid),
    });
    const rows = (x: Tensor): Tensor => reshape(x, x.shape.slice(1));
    return {
      ...grid,
      tokens: rows(tokens),
      ...(deepstack.length > 0 && { deepstack: deepstack.map((name) => rows(more[name])) }),
    };
  };
}
