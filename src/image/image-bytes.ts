// 8-bit pixels. Images become bytes by truncation, as ComfyUI does before saving and for PIL.
import { allocate, allocateBytes } from '../tensor/allocate.ts';
import { sliceBatch, type Tensor, tensor } from '../tensor/tensor.ts';

/** An image of 8-bit samples, row by row. */
export interface ByteImage {
  readonly width: number;
  readonly height: number;
  /** Interleaved samples per pixel: 1 grey (L), 3 RGB, 4 RGBA. */
  readonly channels: number;
  readonly bytes: Uint8Array;
}

/** floor(clip(255 x, 0, 255)) with the product in float32; NaN becomes 0. */
export function toBytes(image: Tensor): Uint8Array<ArrayBuffer> {
  const bytes = allocateBytes(image.data.length);
  for (let i = 0; i < bytes.length; i++) {
    const v = Math.fround(255 * image.data[i]);
    bytes[i] = v > 0 ? Math.min(v, 255) : 0;
  }
  return bytes;
}

/** An image of a batch [N,H,W,C] in bytes, the first unless another item is named. */
export function toByteImage(images: Tensor, item = 0): ByteImage {
  const [, height, width, channels] = images.shape;
  return { width, height, channels, bytes: toBytes(sliceBatch(images, item, item + 1)) };
}

const LEVELS = Float32Array.from({ length: 256 }, (_, i) => i / 255);

/** Bytes as values 0..1 (v/255 in float32) of the given shape. */
export function fromBytes(bytes: Uint8Array, shape: readonly number[]): Tensor {
  const data = allocate(bytes.length);
  for (let i = 0; i < data.length; i++) data[i] = LEVELS[bytes[i]];
  return tensor(shape, data);
}
