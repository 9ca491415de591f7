// Pillow's resize of 8-bit images (Pillow 12): its filters, and the nearest case of Geometry.c.
import type { Tensor } from '../../tensor/tensor.ts';
import { toNCHW, toNHWC } from '../channel-order.ts';
import { fromBytes, toBytes } from '../image-bytes.ts';
import { type Filter, type Rows, resizeRows } from './pil-resample-rows.ts';

export interface ByteImage {
  readonly width: number;
  readonly height: number;
  /** Interleaved samples per pixel: 1 L, 3 RGB, 4 RGBA. */
  readonly channels: number;
  readonly bytes: Uint8Array;
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
export const PIL_FILTERS: readonly PilFilter[] = [
  'nearest',
  'lanczos',
  'bilinear',
  'bicubic',
  'box',
  'hamming',
];

function nearest(
  { width, height, channels, bytes }: ByteImage,
  newWidth: number,
  newHeight: number,
): ByteImage {
  const positions = (from: number, to: number): Int32Array => {
    const step = from / to;
    const at = new Int32Array(to);
    for (let i = 0, v = step * 0.5; i < to; i++, v += step)
      at[i] = Math.min(Math.trunc(v), from - 1);
    return at;
  };
  const columns = positions(width, newWidth);
  const result = new Uint8Array(newWidth * newHeight * channels);
  let to = 0;
  for (const row of positions(height, newHeight))
    for (const column of columns)
      for (let c = 0, from = (row * width + column) * channels; c < channels; c++)
        result[to++] = bytes[from + c];
  return { width: newWidth, height: newHeight, channels, bytes: result };
}

const rowsOf = ({ width, height, channels, bytes }: ByteImage): Rows => {
  const size = width * channels;
  return { width, height, channels, row: (y) => bytes.subarray(y * size, (y + 1) * size) };
};

function collect(rows: Rows): ByteImage {
  const { width, height, channels } = rows;
  const size = width * channels;
  const bytes = new Uint8Array(height * size);
  for (let y = 0; y < height; y++) bytes.set(rows.row(y), y * size);
  return { width, height, channels, bytes };
}

export interface PilSize {
  readonly width: number;
  readonly height: number;
}

/** PIL.Image.resize of an L, RGB or RGBA image (RGBA through premultiplied alpha). */
export function pilResize(
  image: ByteImage,
  width: number,
  height: number,
  filter: PilFilter,
): ByteImage {
  if (!(width > 0 && height > 0))
    throw new Error(`internal: resize ${image.width}x${image.height} -> ${width}x${height}`);
  if (width === image.width && height === image.height) return image;
  return filter === 'nearest'
    ? nearest(image, width, height)
    : collect(resizeRows(rowsOf(image), width, height, FILTERS[filter]));
}

/** Two resizes one after the other, without the picture between them: of it only the rows that are looked at are held. */
export function pilResizeVia(
  image: ByteImage,
  between: PilSize,
  { width, height }: PilSize,
  filter: keyof typeof FILTERS,
): ByteImage {
  const first = resizeRows(rowsOf(image), between.width, between.height, FILTERS[filter]);
  return collect(resizeRows(first, width, height, FILTERS[filter]));
}

/** Does `resize` to each image of an NHWC tensor (1, 3 or 4 channels) through 8 bits: truncated, PIL, /255. */
function eachInBytes(
  image: Tensor,
  width: number,
  height: number,
  resize: (image: ByteImage) => ByteImage,
): Tensor {
  const [n, h, w, channels] = image.shape;
  const bytes = toBytes(image);
  const result = new Uint8Array(n * width * height * channels);
  for (let i = 0; i < n; i++) {
    const each = {
      width: w,
      height: h,
      channels,
      bytes: bytes.subarray(i * h * w * channels, (i + 1) * h * w * channels),
    };
    result.set(resize(each).bytes, i * width * height * channels);
  }
  return fromBytes(result, [n, height, width, channels]);
}

/** Resizes each image of an NHWC tensor (1, 3 or 4 channels) through 8 bits. */
export const pilResizeImages = (
  image: Tensor,
  width: number,
  height: number,
  filter: PilFilter,
): Tensor => eachInBytes(image, width, height, (each) => pilResize(each, width, height, filter));

/** As pilResizeImages, by way of another size. */
export const pilResizeImagesVia = (
  image: Tensor,
  between: PilSize,
  size: PilSize,
  filter: keyof typeof FILTERS,
): Tensor =>
  eachInBytes(image, size.width, size.height, (each) => pilResizeVia(each, between, size, filter));

/** ComfyUI's lanczos: NCHW through 8 bits and PIL. */
export const lanczos = (x: Tensor, width: number, height: number): Tensor =>
  toNCHW(pilResizeImages(toNHWC(x), width, height, 'lanczos'));
