// What a language model's attention is given: the rotations of positions (Su et al. 2021), and a
// bias that hides later tokens and padding.
import { allocate } from '../../tensor/allocate.ts';
import { MAX_FLOAT32 } from '../../tensor/float32/limits.ts';
import { pow } from '../../tensor/float32/sleef.ts';
import { cos, sin } from '../../tensor/float32/trigonometry.ts';
import { type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import type { ImagePlace } from '../clip/text-encoder.ts';

const f = Math.fround;

/** Pairs of a head's values that turn with the position on one axis. */
export interface PairGroup {
  readonly axis: number;
  readonly count: number;
  /** The number of the first pair's frequency. */
  readonly first: number;
  /** In place of those of all groups. */
  readonly depth?: number;
  readonly theta?: number;
}

/**
 * Returns cosines and sines of tokens by their positions on each axis, [N, pairs], in float32. Pair
 * j of a frequency turns by position / theta^(2 j / depth).
 */
export function rotations(
  positions: readonly (readonly number[])[],
  groups: readonly PairGroup[],
  { depth, theta }: { readonly depth: number; readonly theta: number },
): { readonly cos: Tensor; readonly sin: Tensor } {
  const pairs = groups.flatMap(({ axis, count, first, ...own }) =>
    Array.from({ length: count }, (_, j) => ({
      axis,
      frequency: f(1 / pow(f(own.theta ?? theta), f((2 * (first + j)) / (own.depth ?? depth)))),
    })),
  );
  const shape = [positions.length, pairs.length];
  const [cosines, sines] = [0, 1].map(() => allocate(positions.length * pairs.length));
  let at = 0;
  for (const position of positions)
    for (const { axis, frequency } of pairs) {
      const angle = f(position[axis] * frequency);
      cosines[at] = cos(angle);
      sines[at++] = sin(angle);
    }
  return { cos: tensor(shape, cosines), sin: tensor(shape, sines) };
}

/** The positions of a text's tokens, from 0 on. */
export const textPositions = (length: number): readonly (readonly number[])[] =>
  Array.from({ length }, (_, position) => [position]);

/**
 * The positions of the tokens of a text with images, [frame, row, column] (Qwen2.5-VL;
 * comfy/text_encoders/llama.py, Qwen25_7BVLI): those of an image count from where it begins, and
 * the text goes on behind its longer side. Padding stays at 1.
 */
export function positionsWithImages(
  length: number,
  images: readonly ImagePlace[],
  mask: readonly number[] = [],
): readonly (readonly number[])[] {
  const positions = Array.from({ length }, (_, i) => (i < images[0].start ? [i, i, i] : [1, 1, 1]));
  // by how much positions differ from places
  let offset = 0;
  for (const { start, rows, columns } of images) {
    const end = start + rows * columns;
    for (let i = 0; i < end - start; i++)
      positions[start + i] = [0, Math.floor(i / columns), i % columns].map(
        (own) => start + offset + own,
      );
    const longer = Math.max(rows, columns);
    let next = start + offset + longer;
    for (let i = end; i < length; i++)
      if (mask[i] === 0) positions[i] = new Array(3).fill(positions[i][0]);
      else positions[i] = new Array(3).fill(next++);
    offset += longer - (end - start);
  }
  return positions;
}

/** A quarter of it, so that two can be added. */
const HIDDEN = -MAX_FLOAT32 / 4;

/**
 * Returns the bias of attention, [B, 1, length - from, length], of the tokens from `from` on:
 * HIDDEN for later tokens, and for those that the sequence's mask has 0 for. `masks`: one for each
 * of B sequences; without them B is 1.
 */
export function causalBias(
  length: number,
  masks: readonly (readonly number[])[] = [[]],
  from = 0,
): Tensor {
  const bias = zeros([masks.length, 1, length - from, length]);
  let at = 0;
  for (const mask of masks)
    for (let query = from; query < length; query++)
      for (let key = 0; key < length; key++)
        bias.data[at++] = (key > query ? HIDDEN : 0) + (mask[key] === 0 ? HIDDEN : 0);
  return bias;
}
