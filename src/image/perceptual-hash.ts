// A hash of 64 bits that similar images share: which of 8x8 cells are brighter than the mean.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_dataset.py (ImageDeduplication).

import type { Tensor } from '../tensor/tensor.ts';
import { type ByteImage, toBytes } from './image-bytes.ts';
import { pilResize } from './resize/pil-resize.ts';

const SIDE = 8;

/** The hash of an image [1,H,W,C]: one boolean for each cell. */
export function perceptualHash(image: Tensor): readonly boolean[] {
  const [, height, width, channels] = image.shape;
  const bytes = toBytes(image);
  const small = pilResize(
    { width, height, channels, bytes },
    { width: SIDE, height: SIDE },
    'lanczos',
  );
  const greys = greysOf(small);
  const mean = greys.reduce((sum, grey) => sum + grey, 0) / greys.length;
  return greys.map((grey) => grey > mean);
}

/** PIL's conversion to L. */
function greysOf({ channels, bytes }: ByteImage): number[] {
  if (channels === 1) return [...bytes];
  return Array.from({ length: bytes.length / channels }, (_, i) => {
    const [r, g, b] = bytes.subarray(i * channels, i * channels + 3);
    return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  });
}

/** The share of equal bits of two hashes. */
export const hashSimilarity = (a: readonly boolean[], b: readonly boolean[]): number =>
  1 - a.filter((bit, i) => bit !== b[i]).length / a.length;
