// The precision that QwenImage21Cache stores the prefix's keys and values in (PoseBranchCache of
// ComfyUI): each head of a token is rotated in groups (ConvRot), and rounded with one scale.
import type { Value } from '../../onnx/builder.ts';
import type { Net } from '../layers/blocks.ts';
import { rotated } from '../weights/stored-values.ts';

/** The bits of a stored number; absent: as computed. */
export type CacheBits = 4 | 8;

/** The largest number that fits, and the smallest scale times it. */
const LIMITS: Readonly<Record<CacheBits, { readonly most: number; readonly least: number }>> = {
  4: { most: 7, least: 1e-10 },
  8: { most: 127, least: 127e-30 },
};

const LARGEST_GROUP = 256;

/** Returns keys or values [B, N, heads * depth] as they are after they were stored. */
export function storedKeys(
  { g }: Pick<Net, 'g'>,
  x: Value,
  { bits, depth }: { readonly bits: CacheBits; readonly depth: number },
): Value {
  let group = LARGEST_GROUP;
  while (group > 4 && depth % group > 0) group /= 4;
  const { most, least } = LIMITS[bits];
  const rows = rotated(g, g.op('Reshape', [x, g.ints([-1, depth])]), depth, group);
  const largest = g.op('ReduceMax', [g.op('Abs', [rows]), g.ints([-1])], { keepdims: 1 });
  const scale = g.op('Div', [g.op('Max', [largest, g.floats([least])]), g.floats([most])]);
  const numbers = g.op('Round', [g.op('Div', [rows, scale])]);
  // a Hadamard matrix of these is symmetric, its own inverse
  const restored = rotated(g, g.op('Mul', [numbers, scale]), depth, group);
  return g.op('Reshape', [restored, g.op('Shape', [x])]);
}
