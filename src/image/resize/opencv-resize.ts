// OpenCV's bilinear resize of 8-bit images (INTER_LINEAR), byte for byte, in its fixed-point
// arithmetic: 11 bits of weight, four bits dropped between the axes.
import { allocateBytes } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import type { Size } from '../geometry.ts';

/** The two source positions of an output position, with their weights. */
interface Tap {
  readonly first: number;
  readonly second: number;
  readonly weights: readonly [number, number];
}

/**
 * The taps for resizing `from` positions to `to`. At the edges, columns use the outermost pixel
 * alone, while rows mix it with itself, which rounds differently.
 */
function tapsOf(from: number, to: number, axis: 'column' | 'row'): Tap[] {
  const scale = from / to;
  const inside = (i: number): number => Math.min(Math.max(i, 0), from - 1);
  return Array.from({ length: to }, (_, i) => {
    const source = Math.fround((i + 0.5) * scale - 0.5);
    const low = Math.floor(source);
    const isEdge = low < 0 || low >= from - 1;
    const part = axis === 'column' && isEdge ? 0 : Math.fround(source - low);
    const weight = (w: number): number => roundHalfEven(w * 2048);
    const weights = [weight(Math.fround(1 - part)), weight(part)] as const;
    return { first: inside(low), second: inside(low + 1), weights };
  });
}

/** Resizes pixels [height, width, channels]. */
export function resizeBytes(bytes: Uint8Array, from: Size, to: Size, channels: number): Uint8Array {
  if (from.width === to.width && from.height === to.height) return bytes;
  if (from.width === 2 * to.width && from.height === 2 * to.height)
    return halveSize(bytes, to, channels);
  const columns = tapsOf(from.width, to.width, 'column');
  const rows = tapsOf(from.height, to.height, 'row');
  const length = to.width * channels;
  const resizedRows = new Map<number, Int32Array>();
  const row = (y: number): Int32Array => {
    const cached = resizedRows.get(y);
    if (cached) return cached;
    const resized = new Int32Array(length);
    const start = y * from.width * channels;
    for (const [x, { first, second, weights }] of columns.entries())
      for (let c = 0; c < channels; c++)
        resized[x * channels + c] =
          bytes[start + first * channels + c] * weights[0] +
          bytes[start + second * channels + c] * weights[1];
    resizedRows.delete(y - 2);
    resizedRows.set(y, resized);
    return resized;
  };
  const result = allocateBytes(to.height * length);
  for (const [y, { first, second, weights }] of rows.entries()) {
    const [a, b] = [row(first), row(second)];
    for (let i = 0; i < length; i++)
      result[y * length + i] =
        (((weights[0] * (a[i] >> 4)) >> 16) + ((weights[1] * (b[i] >> 4)) >> 16) + 2) >> 2;
  }
  return result;
}

/** Half the size on both sides: each pixel is the mean of four. */
function halveSize(bytes: Uint8Array, to: Size, channels: number): Uint8Array {
  const result = allocateBytes(to.width * to.height * channels);
  const line = 2 * to.width * channels;
  for (let y = 0, at = 0; y < to.height; y++)
    for (let x = 0; x < to.width; x++)
      for (let c = 0; c < channels; c++, at++) {
        const i = 2 * y * line + 2 * x * channels + c;
        result[at] =
          (bytes[i] + bytes[i + channels] + bytes[i + line] + bytes[i + line + channels] + 2) >> 2;
      }
  return result;
}
