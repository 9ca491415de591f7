// Images as tokens of a language model's prompt.
import { toNCHW } from '../../image/channel-order.ts';
import type { NetworkSpec } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { reshape, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import type { ImageTokens } from '../clip/text-encoder.ts';
import { ropeInputs } from '../dit/rope.ts';
import { rotations } from '../llm/positions.ts';
import { streamedWhereLarge } from '../weights/streamed.ts';
import type { Weights } from '../weights/tensors.ts';
import { visionTowerConfig, visionTowerGraph } from './graph.ts';
import { groupGrid, imagePatches } from './image-patches.ts';
import { patchPositions, windowsOf } from './windows.ts';

const THETA = 10000;

/**
 * Returns the encoder of images [N, H, W, 3] in 0..1, of which it sees the first. Throws
 * DR_MODEL_UNSUPPORTED when tensors are missing.
 */
export function createVisionTower(
  runtime: Runtime,
  weights: Weights,
): (image: Tensor) => Promise<ImageTokens> {
  const config = visionTowerConfig(weights);
  const { width, heads } = config;
  const spec: NetworkSpec = {
    file: weights.file,
    part: 'vision tower',
    outputs: ['tokens'],
    // the values of a block, and the products of queries and keys in windows
    workingBytes: ({ patches }) => 4 * patches.shape[1] * (16 * width + 64 * heads * 2),
    outOfMemoryHint: 'Use smaller or fewer images, or free memory for this process.',
    ...streamedWhereLarge(weights, (over) => visionTowerGraph(over, config)),
  };
  const network = runtime.network(spec);
  // half of a head's pairs turn with the row, half with the column
  const each = width / heads / 4;
  const pairs = [0, 1].map((axis) => ({ axis, count: each, first: 0 }));
  return async (image) => {
    const first = sliceBatch(toNCHW(image), 0, 1);
    const grid = groupGrid(first.shape[2], first.shape[3]);
    const patches = imagePatches(first, grid);
    const { tokens } = await network.run({
      patches: reshape(patches, [1, ...patches.shape]),
      ...ropeInputs(
        'patch',
        rotations(patchPositions(grid), pairs, { depth: 2 * each, theta: THETA }),
      ),
      ...windowsOf(grid),
    });
    return { ...grid, tokens: reshape(tokens, tokens.shape.slice(1)) };
  };
}
