// Rotary position embeddings over several axes (RoPE, Su et al. 2021; EmbedND of FLUX.1): each axis
// rotates its own part of a head's pairs.
import { onlyResembles, unsupportedModel } from '../../formats/model-file-errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Weights } from '../weights/tensors.ts';
import type { PatchGrid } from './patches.ts';

/** The position of a token on each axis; 0 on further ones. */
export type Position = readonly number[];

export interface RopeAxes {
  /** The width of a head that each axis rotates; even numbers. */
  readonly axes: readonly number[];
  readonly theta: number;
}

/** The pairs of a head that are rotated: half its width. */
export const ropePairs = ({ axes }: Pick<RopeAxes, 'axes'>): number =>
  axes.reduce((sum, width) => sum + width / 2, 0);

/**
 * What a file does not show: the parts of a head that each axis rotates, by the head's width. Those
 * of FLUX.1 and Qwen-Image.
 */
export const THREE_AXES: Readonly<Record<number, readonly number[]>> = {
  128: [16, 56, 56],
  // small models for tests
  16: [4, 6, 6],
};

/**
 * Returns the axes for heads that a norm of this name shows the width of. Throws
 * DR_MODEL_UNSUPPORTED for other heads.
 */
export function axesOfHeads(
  weights: Weights,
  norm: string,
  axes: Readonly<Record<number, readonly number[]>>,
  family: string,
): readonly number[] {
  const [width] = weights.shape(norm);
  if (axes[width]) return axes[width];
  throw unsupportedModel(
    weights.file,
    `has attention heads of width ${width}, where ${family} has 128`,
    onlyResembles(family),
  );
}

/** Cosines and sines of N tokens, [N, D/2] for heads of width D. */
export interface RopeTable {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** Returns the rotations of tokens: angles in float64, cosines and sines in float32. */
export function ropeTable(positions: readonly Position[], { axes, theta }: RopeAxes): RopeTable {
  const frequencies = axes.map((width) =>
    Array.from({ length: width / 2 }, (_, j) => 1 / theta ** ((2 * j) / width)),
  );
  const pairs = ropePairs({ axes });
  const [cos, sin] = [allocate(positions.length * pairs), allocate(positions.length * pairs)];
  let at = 0;
  for (const position of positions)
    for (const [axis, own] of frequencies.entries())
      for (const frequency of own) {
        const angle = (position[axis] ?? 0) * frequency;
        cos[at] = Math.cos(angle);
        sin[at++] = Math.sin(angle);
      }
  const shape = [positions.length, pairs];
  return { cos: tensor(shape, cos), sin: tensor(shape, sin) };
}

/** Returns the inputs that `rotationInputs` of blocks.ts declares. */
export const ropeInputs = (name: string, { cos, sin }: RopeTable): Record<string, Tensor> => ({
  [`${name}Cos`]: cos,
  [`${name}Sin`]: sin,
});

/** The positions (first, y + top, x + left) of the patches of an image, row by row. */
export function gridPositions(
  { rows, columns }: PatchGrid,
  { first = 0, top = 0, left = 0 } = {},
): Position[] {
  return Array.from({ length: rows * columns }, (_, i) => [
    first,
    top + Math.floor(i / columns),
    left + (i % columns),
  ]);
}
