// A dense row-major float32 array with a shape. As in ComfyUI, images are NHWC with values 0..1,
// latents NCHW and masks NHW.
import { allocate, copyOf } from './allocate.ts';

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** Gives `data` (not copied) a shape. Throws when the sizes differ. */
export function tensor(shape: readonly number[], data: Float32Array): Tensor {
  if (data.length !== sizeOf(shape))
    throw new Error(`internal: ${data.length} values for shape [${shape}]`);
  return { shape: [...shape], data };
}

export const zeros = (shape: readonly number[]): Tensor => ({
  shape: [...shape],
  data: allocate(sizeOf(shape)),
});

export const full = (shape: readonly number[], value: number): Tensor => ({
  shape: [...shape],
  data: allocate(sizeOf(shape)).fill(value),
});

export const clone = (x: Tensor): Tensor => ({ shape: [...x.shape], data: copyOf(x.data) });

/** The same values under another shape (not copied). */
export const reshape = (x: Tensor, shape: readonly number[]): Tensor => tensor(shape, x.data);

/** Applies `f` to each element and rounds the results to float32. */
export function map(x: Tensor, f: (value: number, index: number) => number): Tensor {
  const data = allocate(x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i], i);
  return { shape: [...x.shape], data };
}

/** The index of an item that `index` names in a batch: negative ones count from its end. */
export const indexInBatch = (count: number, index: number): number =>
  Math.max(0, Math.min(count - 1, index < 0 ? index + count : index));

/** Items `from` to `to` (excluded) of the first axis, as a view. */
export function sliceBatch(x: Tensor, from: number, to: number): Tensor {
  const size = sizeOf(x.shape.slice(1));
  return { shape: [to - from, ...x.shape.slice(1)], data: x.data.subarray(from * size, to * size) };
}

/** The items of a batch, each as a batch of one: views. */
export const batchItems = (x: Tensor): Tensor[] =>
  Array.from({ length: x.shape[0] }, (_, i) => sliceBatch(x, i, i + 1));

/** Concatenates tensors along the first axis. Throws where their item shapes differ. */
export function concatBatch(parts: readonly Tensor[]): Tensor {
  const item = parts[0].shape.slice(1);
  const data = allocate(parts.reduce((n, p) => n + p.data.length, 0));
  let end = 0;
  for (const part of parts) {
    if (part.shape.slice(1).join() !== item.join())
      throw new Error(`internal: [${parts[0].shape}] and [${part.shape}] in one batch`);
    data.set(part.data, end);
    end += part.data.length;
  }
  return { shape: [parts.reduce((n, p) => n + p.shape[0], 0), ...item], data };
}

/**
 * ComfyUI's repeat_to_batch_size: repeats the items cyclically up to `count`, or drops those beyond
 * it.
 */
export function repeatToBatch(x: Tensor, count: number): Tensor {
  if (x.shape[0] === count) return x;
  if (x.shape[0] > count) return sliceBatch(x, 0, count);
  const size = sizeOf(x.shape.slice(1));
  const data = allocate(count * size);
  for (let i = 0; i < count; i++)
    data.set(x.data.subarray((i % x.shape[0]) * size, ((i % x.shape[0]) + 1) * size), i * size);
  return { shape: [count, ...x.shape.slice(1)], data };
}
