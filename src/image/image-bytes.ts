// 8-bit pixels: images become bytes by truncation, as ComfyUI saves and hands them to PIL.
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** floor(clip(255 x, 0, 255)), the product in float32; NaN gives 0. */
export function toBytes(image: Tensor): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(image.data.length);
  for (let i = 0; i < bytes.length; i++) {
    const v = Math.fround(255 * image.data[i]);
    bytes[i] = v > 0 ? Math.min(v, 255) : 0;
  }
  return bytes;
}

const LEVELS = Float32Array.from({ length: 256 }, (_, i) => i / 255);

/** Bytes as values 0..1 (float32 of v/255) under `shape`. */
export function fromBytes(bytes: Uint8Array, shape: readonly number[]): Tensor {
  const data = new Float32Array(bytes.length);
  for (let i = 0; i < data.length; i++) data[i] = LEVELS[bytes[i]];
  return tensor(shape, data);
}
