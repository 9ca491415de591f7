// Views along an axis, copied: parts, mirror images, quarter turns, and tensors side by side (torch.narrow, flip, rot90, cat).
import { sizeOf, type Tensor } from './tensor.ts';

const stridesOf = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

/** The values at `offset` + Σ index · stride. */
function gather(
  { data }: Tensor,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): Tensor {
  const out = new Float32Array(sizeOf(shape));
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

const replaced = (values: readonly number[], at: number, value: number): number[] =>
  values.map((old, i) => (i === at ? value : old));

/** `length` positions from `from` on along an axis. */
export function narrow(x: Tensor, axis: number, from: number, length: number): Tensor {
  const strides = stridesOf(x.shape);
  return gather(x, replaced(x.shape, axis, length), strides, from * strides[axis]);
}

/** Mirrored along an axis. */
export function flip(x: Tensor, axis: number): Tensor {
  const strides = stridesOf(x.shape);
  return gather(
    x,
    x.shape,
    replaced(strides, axis, -strides[axis]),
    (x.shape[axis] - 1) * strides[axis],
  );
}

/** Two axes exchanged. */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const swap = (values: readonly number[]): number[] =>
    replaced(replaced(values, a, values[b]), b, values[a]);
  return gather(x, swap(x.shape), swap(stridesOf(x.shape)), 0);
}

/** `quarters` quarter turns in the plane of two axes, from the first towards the second. */
export function rotate(
  x: Tensor,
  quarters: number,
  [first, second]: readonly [number, number],
): Tensor {
  if (quarters === 0) return x;
  if (quarters === 2) return flip(flip(x, first), second);
  return swapAxes(flip(x, quarters === 1 ? second : first), first, second);
}

/** Tensors one after another along an axis; their other sides must be equal. */
export function concatAxis(parts: readonly Tensor[], axis: number): Tensor {
  const sides = (x: Tensor): string => replaced(x.shape, axis, 0).join();
  const total = parts.reduce((sum, part) => sum + part.shape[axis], 0);
  const shape = replaced(parts[0].shape, axis, total);
  const data = new Float32Array(sizeOf(shape));
  const inner = sizeOf(shape.slice(axis + 1));
  let at = 0;
  for (const part of parts) {
    if (sides(part) !== sides(parts[0]))
      throw new Error(`internal: [${part.shape}] beside [${parts[0].shape}] along axis ${axis}`);
    const own = part.shape[axis] * inner;
    for (let from = 0, to = at; from < part.data.length; from += own, to += total * inner)
      data.set(part.data.subarray(from, from + own), to);
    at += own;
  }
  return { shape, data };
}
