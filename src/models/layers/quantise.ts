// Symmetric 8-bit weights: one scale per output channel, or one per block of inputs. Rounding is to even, as ONNX's QuantizeLinear does.

/** Integers and the numbers that one step of each stands for. */
export interface Quantised {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

const STEPS = 127;

/** Added and taken away, it leaves a small double rounded to a whole number, halves to even. */
const MAGIC = 1.5 * 2 ** 52;

/** Columns that are read together, so that reading and writing both stay within the processor's caches. */
const TILE = 64;

/**
 * A weight [N, K] as [K, N], one scale per column: values of -127 … 127, scale max |w| / 127. `order[k]` says which input the k-th row takes
 * (as they are unless given); `rows` takes some of the N.
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

/** max |w| / 127 in float32, or 1 where all are 0. The quotients w / scale stay within ±127 after rounding. */
function scaleOf(weight: Float32Array, at: number, count: number): number {
  let most = 0;
  for (let i = at; i < at + count; i++) most = Math.max(most, Math.abs(weight[i]));
  return most > 0 ? Math.max(Math.fround(most / STEPS), TINY) : 1;
}

/** The smallest normal float32: below it quotients lose their digits. */
const TINY = 2 ** -126;

/** For a convolution's weight [N, C, k, k]: its inputs in the order (row, column, channel), which pictures in NHWC have. */
export function nhwcOrder(channels: number, kernel: number): Int32Array {
  const places = kernel * kernel;
  return Int32Array.from(
    { length: channels * places },
    (_, i) => (i % channels) * places + Math.floor(i / channels),
  );
}
