// Pillow's resize of 8-bit images (Pillow 12): its filters, and the nearest-neighbour case of
// Geometry.c.
import { allocateBytes } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { toNCHW, toNHWC } from '../channel-order.ts';
import type { Size } from '../geometry.ts';
import { type ByteImage, fromBytes, toBytes } from '../image-bytes.ts';
import { type Filter, type RowSource, resizeRows } from './pil-resample-rows.ts';

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

/** The filters in the order of PIL.Image.Resampling's numbers. */
export const PIL_FILTERS: readonly PilFilter[] = [
  'nearest',
  'lanczos',
  'bilinear',
  'bicubic',
  'box',
  'hamming',
];

function nearest({ width, height, channels, bytes }: ByteImage, size: Size): ByteImage {
  const positions = (from: number, to: number): Int32Array => {
    const step = from / to;
    const result = new Int32Array(to);
    for (let i = 0, v = step * 0.5; i < to; i++, v += step)
      result[i] = Math.min(Math.trunc(v), from - 1);
    return result;
  };
  const columns = positions(width, size.width);
  const result = allocateBytes(size.width * size.height * channels);
  let to = 0;
  for (const row of positions(height, size.height))
    for (const column of columns)
      for (let c = 0, from = (row * width + column) * channels; c < channels; c++)
        result[to++] = bytes[from + c];
  return { ...size, channels, bytes: result };
}

const rowsOf = ({ width, height, channels, bytes }: ByteImage): RowSource => {
  const rowSize = width * channels;
  return { width, height, channels, row: (y) => bytes.subarray(y * rowSize, (y + 1) * rowSize) };
};

function collect(rows: RowSource): ByteImage {
  const { width, height, channels } = rows;
  const rowSize = width * channels;
  const bytes = allocateBytes(height * rowSize);
  for (let y = 0; y < height; y++) bytes.set(rows.row(y), y * rowSize);
  return { width, height, channels, bytes };
}

/** PIL.Image.resize of an L, RGB or RGBA image (RGBA with premultiplied alpha). */
export function pilResize(image: ByteImage, { width, height }: Size, filter: PilFilter): ByteImage {
  if (!(width > 0 && height > 0))
    throw new Error(`internal: resize ${image.width}x${image.height} -> ${width}x${height}`);
  if (width === image.width && height === image.height) return image;
  return filter === 'nearest'
    ? nearest(image, { width, height })
    : collect(resizeRows(rowsOf(image), { width, height }, FILTERS[filter]));
}

/** Two resizes in a row; only the rows in use of the image between them are in memory. */
export function pilResizeVia(
  image: ByteImage,
  between: Size,
  size: Size,
  filter: keyof typeof FILTERS,
): ByteImage {
  const first = resizeRows(rowsOf(image), between, FILTERS[filter]);
  return collect(resizeRows(first, size, FILTERS[filter]));
}

/** Applies `resize` to the bytes of each image of an NHWC tensor (1, 3 or 4 channels). */
function resizeInBytes(
  image: Tensor,
  { width, height }: Size,
  resize: (image: ByteImage) => ByteImage,
): Tensor {
  const [n, h, w, channels] = image.shape;
  const bytes = toBytes(image);
  const result = allocateBytes(n * width * height * channels);
  for (let i = 0; i < n; i++) {
    const item = {
      width: w,
      height: h,
      channels,
      bytes: bytes.subarray(i * h * w * channels, (i + 1) * h * w * channels),
    };
    result.set(resize(item).bytes, i * width * height * channels);
  }
  return fromBytes(result, [n, height, width, channels]);
}

/** Resizes each image of an NHWC tensor (1, 3 or 4 channels) in 8 bits. */
export const pilResizeImages = (image: Tensor, size: Size, filter: PilFilter): Tensor =>
  resizeInBytes(image, size, (item) => pilResize(item, size, filter));

/** As pilResizeImages, by way of images of size `between`. */
export const pilResizeImagesVia = (
  image: Tensor,
  between: Size,
  size: Size,
  filter: keyof typeof FILTERS,
): Tensor => resizeInBytes(image, size, (item) => pilResizeVia(item, between, size, filter));

/** ComfyUI's lanczos: an NCHW tensor resized by PIL in 8 bits. */
export const lanczos = (x: Tensor, size: Size): Tensor =>
  toNCHW(pilResizeImages(toNHWC(x), size, 'lanczos'));
