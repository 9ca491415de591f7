// Pillow's resampling (Resample.c, Pillow 12) row by row: fixed-point coefficients of 22 bits, the
// horizontal pass first, its result rounded and clipped to 8 bits before the vertical one. Only
// those rows of an intermediate image are in memory that the next pass reads.
import type { Size } from '../geometry.ts';

export interface Filter {
  readonly support: number;
  readonly weight: (x: number) => number;
}

/**
 * An image read row by row, in interleaved 8-bit samples. Rows are requested in order, or a few
 * rows back; a returned row may be overwritten by a later call.
 */
export interface RowSource {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  row(y: number): Uint8Array;
}

/** For each output position, the source positions that it is computed from and their weights. */
interface Windows {
  readonly first: Int32Array;
  readonly length: Int32Array;
  /** The number of weights stored per window; those beyond its `length` are not used. */
  readonly size: number;
  readonly weight: Int32Array;
}

const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

function windows(from: number, to: number, filter: Filter): Windows {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const size = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const length = new Int32Array(to);
  const weight = new Int32Array(to * size);
  const exact = new Float64Array(size);
  const inverse = 1 / stretch;
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const low = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), from) - low;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      exact[k] = filter.weight((k + low - center + 0.5) * inverse);
      sum += exact[k];
    }
    for (let k = 0; k < count; k++) {
      const value = (sum === 0 ? exact[k] : exact[k] / sum) * (1 << PRECISION);
      weight[i * size + k] = Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
    }
    first[i] = low;
    length[i] = count;
  }
  return { first, length, size, weight };
}

const clip = (sum: number): number => {
  const v = sum >> PRECISION;
  return v < 0 ? 0 : v > 255 ? 255 : v;
};

/** Resizes one row. The three channels of RGB are computed together, others one by one. */
function resizeRow(
  row: Uint8Array,
  { first, length, size, weight }: Windows,
  channels: number,
  out: Uint8Array,
): void {
  const width = first.length;
  if (channels === 3)
    for (let x = 0, to = 0; x < width; x++) {
      let [r, g, b] = [HALF, HALF, HALF];
      let from = first[x] * 3;
      const end = x * size + length[x];
      for (let k = x * size; k < end; k++, from += 3) {
        const w = weight[k];
        r = (r + Math.imul(row[from], w)) | 0;
        g = (g + Math.imul(row[from + 1], w)) | 0;
        b = (b + Math.imul(row[from + 2], w)) | 0;
      }
      out[to++] = clip(r);
      out[to++] = clip(g);
      out[to++] = clip(b);
    }
  else
    for (let x = 0, to = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        let from = first[x] * channels + c;
        const end = x * size + length[x];
        for (let k = x * size; k < end; k++, from += channels)
          sum = (sum + Math.imul(row[from], weight[k])) | 0;
        out[to++] = clip(sum);
      }
}

/** The same image at another width. */
function resizeWidth(source: RowSource, width: number, filter: Filter): RowSource {
  if (width === source.width) return source;
  const { height, channels } = source;
  const columns = windows(source.width, width, filter);
  const out = new Uint8Array(width * channels);
  return {
    width,
    height,
    channels,
    row(y) {
      resizeRow(source.row(y), columns, channels, out);
      return out;
    },
  };
}

/** The same image at another height. */
function resizeHeight(source: RowSource, height: number, filter: Filter): RowSource {
  if (height === source.height) return source;
  const { width, channels } = source;
  const { first, length, size, weight } = windows(source.height, height, filter);
  const rowSize = width * channels;
  const recentRows = Array.from({ length: size }, () => new Uint8Array(rowSize));
  const sums = new Int32Array(rowSize);
  const out = new Uint8Array(rowSize);
  let next = 0;
  return {
    width,
    height,
    channels,
    row(y) {
      const [from, count] = [first[y], length[y]];
      for (next = Math.max(next, from); next < from + count; next++)
        recentRows[next % size].set(source.row(next));
      sums.fill(HALF);
      let k = 0;
      const at = (i: number): Uint8Array => recentRows[(from + i) % size];
      for (; k + 4 <= count; k += 4) {
        const [a, b, c, d] = [at(k), at(k + 1), at(k + 2), at(k + 3)];
        const base = y * size + k;
        const [p, q, r, s] = [weight[base], weight[base + 1], weight[base + 2], weight[base + 3]];
        for (let i = 0; i < rowSize; i++)
          sums[i] +=
            Math.imul(a[i], p) + Math.imul(b[i], q) + Math.imul(c[i], r) + Math.imul(d[i], s);
      }
      for (; k < count; k++) {
        const a = at(k);
        const p = weight[y * size + k];
        for (let i = 0; i < rowSize; i++) sums[i] += Math.imul(a[i], p);
      }
      for (let i = 0; i < rowSize; i++) out[i] = clip(sums[i]);
      return out;
    },
  };
}

/** v*a/255, rounded in Pillow's integer arithmetic. */
const multiplyByAlpha = (v: number, a: number): number => {
  const t = v * a + 128;
  return ((t >> 8) + t) >> 8;
};

const divideByAlpha = (v: number, a: number): number =>
  a === 0 || a === 255 ? v : Math.min(255, Math.trunc((255 * v) / a));

function mapColours(source: RowSource, colour: (v: number, alpha: number) => number): RowSource {
  const out = new Uint8Array(source.width * 4);
  return {
    ...source,
    row(y) {
      const row = source.row(y);
      for (let i = 0; i < out.length; i += 4) {
        out[i + 3] = row[i + 3];
        for (let c = 0; c < 3; c++) out[i + c] = colour(row[i + c], row[i + 3]);
      }
      return out;
    },
  };
}

/** Image.resize: RGBA is resized with premultiplied alpha. */
export function resizeRows(source: RowSource, size: Size, filter: Filter): RowSource {
  if (size.width === source.width && size.height === source.height) return source;
  const resize = (rows: RowSource): RowSource =>
    resizeHeight(resizeWidth(rows, size.width, filter), size.height, filter);
  if (source.channels !== 4) return resize(source);
  return mapColours(resize(mapColours(source, multiplyByAlpha)), divideByAlpha);
}
