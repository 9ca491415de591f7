// What a language model's attention is given: the rotations of positions (Su et al. 2021), and a
// bias that hides later tokens and padding.
import { allocate } from '../../tensor/allocate.ts';
import { pow } from '../../tensor/float32/sleef.ts';
import { cos, sin } from '../../tensor/float32/trigonometry.ts';
import { type Tensor, tensor, zeros } from '../../tensor/tensor.ts';

const f = Math.fround;

/** Returns cosines and sines of the positions 0 to length - 1, [length, depth / 2], in float32. */
export function positionRotations(
  length: number,
  depth: number,
  theta: number,
): { readonly cos: Tensor; readonly sin: Tensor } {
  const pairs = depth / 2;
  const frequencies = Array.from({ length: pairs }, (_, j) =>
    f(1 / pow(theta, f((2 * j) / depth))),
  );
  const [cosines, sines] = [allocate(length * pairs), allocate(length * pairs)];
  for (let position = 0; position < length; position++)
    for (const [j, frequency] of frequencies.entries()) {
      const angle = f(position * frequency);
      cosines[position * pairs + j] = cos(angle);
      sines[position * pairs + j] = sin(angle);
    }
  const shape = [length, pairs];
  return { cos: tensor(shape, cosines), sin: tensor(shape, sines) };
}

/** A quarter of float32's smallest number, so that two of them can be added. */
const HIDDEN = -3.4028234663852886e38 / 4;

/**
 * Returns the bias of attention, [B, 1, length, length]: HIDDEN for later tokens, and for those that
 * the sequence's mask has 0 for. `masks`: one for each of B sequences; without them B is 1.
 */
export function causalBias(length: number, masks: readonly (readonly number[])[] = [[]]): Tensor {
  const bias = zeros([masks.length, 1, length, length]);
  let at = 0;
  for (const mask of masks)
    for (let query = 0; query < length; query++)
      for (let key = 0; key < length; key++)
        bias.data[at++] = (key > query ? HIDDEN : 0) + (mask[key] === 0 ? HIDDEN : 0);
  return bias;
}
