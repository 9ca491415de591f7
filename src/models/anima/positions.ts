// The rotations of Anima's tokens: (frame, row, column), where rows and columns turn slower than in
// the videos that the network was first made for (comfy/ldm/cosmos/position_embedding.py).
import { frameCount } from '../../tensor/frames.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { patchGrid } from '../dit/patches.ts';
import { gridPositions, type RopeTable } from '../dit/rope.ts';
import { type PairGroup, rotations } from '../llm/positions.ts';
import { type AnimaConfig, PATCH } from './config.ts';

const THETA = 10000;
/** By how much images may be larger than those of the videos. */
const EXTRAPOLATION = 4;

/** The rotations of a latent's tokens, frame by frame. */
export function imageRotations({ depth }: Pick<AnimaConfig, 'depth'>, latent: Tensor): RopeTable {
  const side = 2 * Math.floor(depth / 6);
  const slower = THETA * EXTRAPOLATION ** (side / (side - 2));
  const groups: readonly PairGroup[] = [
    { axis: 0, count: depth / 2 - side, first: 0, depth: depth - 2 * side, theta: THETA },
    ...[1, 2].map((axis) => ({ axis, count: side / 2, first: 0, depth: side, theta: slower })),
  ];
  const grid = patchGrid(latent, PATCH);
  const positions = Array.from({ length: frameCount(latent.shape) }, (_, first) =>
    gridPositions(grid, { first }),
  ).flat();
  return rotations(positions, groups, { depth, theta: THETA });
}

/** The rotations of a prompt's tokens in the adapter. */
export const promptRotations = (length: number, depth: number): RopeTable =>
  rotations(
    Array.from({ length }, (_, i) => [i]),
    [{ axis: 0, count: depth / 2, first: 0 }],
    { depth, theta: THETA },
  );
