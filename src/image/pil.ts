// Pillow's resize of 8-bit images (Resample.c and the nearest case of Geometry.c, Pillow 12): fixed-point coefficients
// of 22 bits, the horizontal pass first, its result rounded and clipped to 8 bits before the vertical one.
import type { Tensor } from '../tensor/tensor.ts';
import { fromBytes, toBytes } from './bytes.ts';
import { toNCHW, toNHWC } from './layout.ts';

export interface ByteImage {
  readonly width: number;
  readonly height: number;
  /** Interleaved samples per pixel: 1 L, 3 RGB, 4 RGBA. */
  readonly channels: number;
  readonly bytes: Uint8Array;
}

interface Filter {
  readonly support: number;
  readonly weight: (x: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

const even = (weight: (x: number) => number) => (x: number) => weight(Math.abs(x));

function hamming(x: number): number {
  if (x === 0) return 1;
  if (x >= 1) return 0;
  const t = x * Math.PI;
  return (Math.sin(t) / t) * (0.54 + 0.46 * Math.cos(t));
}

function bicubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const FILTERS = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: even((x) => (x < 1 ? 1 - x : 0)) },
  hamming: { support: 1, weight: even(hamming) },
  bicubic: { support: 2, weight: even(bicubic) },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} satisfies Record<string, Filter>;

export type PilFilter = keyof typeof FILTERS | 'nearest';

/** PIL.Image.Resampling's numbers. */
export const PIL_FILTERS: readonly PilFilter[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

interface Windows {
  readonly first: Int32Array;
  readonly length: Int32Array;
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
  return v < 0 ? 0 : Math.min(v, 255);
};

function across({ width, height, channels, bytes }: ByteImage, newWidth: number, filter: Filter): ByteImage {
  const { first, length, size, weight } = windows(width, newWidth, filter);
  const result = new Uint8Array(newWidth * height * channels);
  const rowSize = width * channels;
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      const base = y * rowSize + first[x] * channels;
      const end = base + length[x] * channels;
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        let k = x * size;
        for (let from = base + c; from < end; from += channels) sum += Math.imul(bytes[from], weight[k++]);
        result[to++] = clip(sum);
      }
    }
  }
  return { width: newWidth, height, channels, bytes: result };
}

function down({ width, height, channels, bytes }: ByteImage, newHeight: number, filter: Filter): ByteImage {
  const { first, length, size, weight } = windows(height, newHeight, filter);
  const rowSize = width * channels;
  const result = new Uint8Array(newHeight * rowSize);
  const sums = new Int32Array(rowSize);
  for (let y = 0; y < newHeight; y++) {
    sums.fill(HALF);
    for (let k = 0; k < length[y]; k++) {
      const w = weight[y * size + k];
      const base = (first[y] + k) * rowSize;
      for (let i = 0; i < rowSize; i++) sums[i] += Math.imul(bytes[base + i], w);
    }
    const out = y * rowSize;
    for (let i = 0; i < rowSize; i++) result[out + i] = clip(sums[i]);
  }
  return { width, height: newHeight, channels, bytes: result };
}

function nearest({ width, height, channels, bytes }: ByteImage, newWidth: number, newHeight: number): ByteImage {
  const positions = (from: number, to: number): Int32Array => {
    const step = from / to;
    const at = new Int32Array(to);
    for (let i = 0, v = step * 0.5; i < to; i++, v += step) at[i] = Math.min(Math.trunc(v), from - 1);
    return at;
  };
  const columns = positions(width, newWidth);
  const result = new Uint8Array(newWidth * newHeight * channels);
  let to = 0;
  for (const row of positions(height, newHeight))
    for (const column of columns)
      for (let c = 0, from = (row * width + column) * channels; c < channels; c++) result[to++] = bytes[from + c];
  return { width: newWidth, height: newHeight, channels, bytes: result };
}

/** v*a/255, rounded, as Pillow's integer arithmetic has it. */
const timesAlpha = (v: number, a: number): number => {
  const t = v * a + 128;
  return ((t >> 8) + t) >> 8;
};

function mapRgba(image: ByteImage, colour: (v: number, alpha: number) => number): ByteImage {
  const bytes = image.bytes.slice();
  for (let i = 0; i < bytes.length; i += 4) for (let c = 0; c < 3; c++) bytes[i + c] = colour(bytes[i + c], bytes[i + 3]);
  return { ...image, bytes };
}

const premultiply = (image: ByteImage): ByteImage => mapRgba(image, timesAlpha);

const unpremultiply = (image: ByteImage): ByteImage =>
  mapRgba(image, (v, a) => (a === 0 || a === 255 ? v : Math.min(255, Math.trunc((255 * v) / a))));

/** PIL.Image.resize of an L, RGB or RGBA image (RGBA through premultiplied alpha). */
export function pilResize(image: ByteImage, width: number, height: number, filter: PilFilter): ByteImage {
  if (!(width > 0 && height > 0)) throw new Error(`internal: resize ${image.width}x${image.height} -> ${width}x${height}`);
  if (width === image.width && height === image.height) return image;
  if (filter === 'nearest') return nearest(image, width, height);
  const alpha = image.channels === 4;
  let result = alpha ? premultiply(image) : image;
  if (width !== result.width) result = across(result, width, FILTERS[filter]);
  if (height !== result.height) result = down(result, height, FILTERS[filter]);
  return alpha ? unpremultiply(result) : result;
}

/** Resizes each image of an NHWC tensor (1, 3 or 4 channels) through 8 bits: truncated, PIL, /255. */
export function pilResizeImages(image: Tensor, width: number, height: number, filter: PilFilter): Tensor {
  const [n, h, w, channels] = image.shape;
  const bytes = toBytes(image);
  const result = new Uint8Array(n * width * height * channels);
  for (let i = 0; i < n; i++) {
    const each = { width: w, height: h, channels, bytes: bytes.subarray(i * h * w * channels, (i + 1) * h * w * channels) };
    result.set(pilResize(each, width, height, filter).bytes, i * width * height * channels);
  }
  return fromBytes(result, [n, height, width, channels]);
}

/** ComfyUI's lanczos: NCHW through 8 bits and PIL. */
export const lanczos = (x: Tensor, width: number, height: number): Tensor => toNCHW(pilResizeImages(toNHWC(x), width, height, 'lanczos'));
