// Symmetric 8-bit weights with one scale per output channel. Ties are rounded to even, as by
// ONNX's QuantizeLinear.

/** Integers, and the value of one step for each column. */
export interface Quantised {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

const STEPS = 127;

/** Adding and subtracting it rounds a small double to an integer, ties to even. */
const MAGIC = 1.5 * 2 ** 52;

/**
 * Columns that are processed together, so that reads and writes stay within the processor's caches.
 */
const TILE = 64;

/**
 * Quantises a weight [N, K] to [K, N] with one scale per column: values -127 … 127, scale max |w| /
 * 127. `order[k]`: the input of the k-th row (in their own order by default); `rows` selects some
 * of the N.
 */
export function quantiseColumns(
  weight: Float32Array,
  n: number,
  {
    order,
    rows = [0, n],
  }: { readonly order?: ArrayLike<number>; readonly rows?: readonly [number, number] } = {},
): Quantised {
  const k = weight.length / n;
  const [from, to] = rows;
  const count = to - from;
  const values = new Int8Array(count * k);
  const scales = new Float32Array(count);
  for (let start = 0; start < count; start += TILE) {
    const end = Math.min(start + TILE, count);
    for (let j = start; j < end; j++) scales[j] = scaleOf(weight, (from + j) * k, k);
    for (let i = 0; i < k; i++) {
      const input = order ? order[i] : i;
      for (let j = start; j < end; j++)
        values[i * count + j] = weight[(from + j) * k + input] / scales[j] + MAGIC - MAGIC;
    }
  }
  return { values, scales };
}

/**
 * Returns max |w| / 127 in float32, or 1 where all are 0. Quotients w / scale are within ±127 after
 * rounding.
 */
function scaleOf(weight: Float32Array, at: number, count: number): number {
  let most = 0;
  for (let i = at; i < at + count; i++) most = Math.max(most, Math.abs(weight[i]));
  return most > 0 ? Math.max(Math.fround(most / STEPS), TINY) : 1;
}

/** The smallest normal float32; below it quotients lose digits. */
const TINY = 2 ** -126;

/**
 * Returns the inputs of a kernel [N, C, k, k] in the order (row, column, channel) of NHWC images.
 */
export function nhwcOrder(channels: number, kernel: number): Int32Array {
  const positions = kernel * kernel;
  return Int32Array.from(
    { length: channels * positions },
    (_, i) => (i % channels) * positions + Math.floor(i / channels),
  );
}
