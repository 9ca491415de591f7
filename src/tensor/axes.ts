// Copies along axes: slices, mirror images, quarter turns, concatenation and broadcasting
// (torch.narrow, flip, rot90, cat, expand).
import { allocate } from './allocate.ts';
import { sizeOf, type Tensor } from './tensor.ts';

const stridesOf = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

/** Copies the elements at `offset` + Σ index · stride into a tensor of `shape`. */
function gather(
  { data }: Tensor,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): Tensor {
  const out = allocate(sizeOf(shape));
  const last = shape.length - 1;
  let to = 0;
  const walk = (axis: number, start: number): void => {
    for (let i = 0, from = start; i < shape[axis]; i++, from += strides[axis])
      if (axis === last) out[to++] = data[from];
      else walk(axis + 1, from);
  };
  if (out.length > 0) walk(0, offset);
  return { shape: [...shape], data: out };
}

const replaced = (values: readonly number[], index: number, value: number): number[] =>
  values.map((old, i) => (i === index ? value : old));

/** `length` positions along an axis, starting at `from`. */
export function narrow(x: Tensor, axis: number, from: number, length: number): Tensor {
  const strides = stridesOf(x.shape);
  return gather(x, replaced(x.shape, axis, length), strides, from * strides[axis]);
}

/** The shape that torch broadcasts two shapes to; undefined where they do not fit. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const size = (shape: readonly number[], axis: number): number =>
    shape[axis - rank + shape.length] ?? 1;
  const sizes = Array.from({ length: rank }, (_, axis) => [size(a, axis), size(b, axis)]);
  if (sizes.some(([one, two]) => one !== two && one !== 1 && two !== 1)) return undefined;
  return sizes.map(([one, two]) => (one === 1 ? two : one));
}

/** The tensor repeated along axes of one element, and along new first axes, up to a shape. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  if (`${x.shape}` === `${shape}`) return x;
  const strides = stridesOf(x.shape);
  const added = shape.length - x.shape.length;
  return gather(
    x,
    shape,
    shape.map((_, axis) =>
      axis < added || x.shape[axis - added] === 1 ? 0 : strides[axis - added],
    ),
    0,
  );
}

/** The tensor mirrored along an axis. */
export function flip(x: Tensor, axis: number): Tensor {
  const strides = stridesOf(x.shape);
  return gather(
    x,
    x.shape,
    replaced(strides, axis, -strides[axis]),
    (x.shape[axis] - 1) * strides[axis],
  );
}

/** The tensor with two axes swapped. */
function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const swap = (values: readonly number[]): number[] =>
    replaced(replaced(values, a, values[b]), b, values[a]);
  return gather(x, swap(x.shape), swap(stridesOf(x.shape)), 0);
}

/**
 * The tensor after `quarters` (0..3) quarter turns in the plane of two axes, first towards second.
 */
export function rotate(
  x: Tensor,
  quarters: number,
  [first, second]: readonly [number, number],
): Tensor {
  if (quarters === 0) return x;
  if (quarters === 2) return flip(flip(x, first), second);
  return swapAxes(flip(x, quarters === 1 ? second : first), first, second);
}

/** Concatenates tensors along an axis. Throws where their other sizes differ. */
export function concatAxis(parts: readonly Tensor[], axis: number): Tensor {
  const otherSizes = (x: Tensor): string => replaced(x.shape, axis, 0).join();
  const total = parts.reduce((sum, part) => sum + part.shape[axis], 0);
  const shape = replaced(parts[0].shape, axis, total);
  const data = allocate(sizeOf(shape));
  const inner = sizeOf(shape.slice(axis + 1));
  let start = 0;
  for (const part of parts) {
    if (otherSizes(part) !== otherSizes(parts[0]))
      throw new Error(`internal: [${parts[0].shape}] and [${part.shape}] along axis ${axis}`);
    const length = part.shape[axis] * inner;
    for (let from = 0, to = start; from < part.data.length; from += length, to += total * inner)
      data.set(part.data.subarray(from, from + length), to);
    start += length;
  }
  return { shape, data };
}
