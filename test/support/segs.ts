// SEGS for tests: segments of an image of 10x8 whose masks are full.
import type { Region, Seg, Segs } from '../../src/segs/segs.ts';
import { full, type Tensor } from '../../src/tensor/tensor.ts';

/** A segment with a mask of ones; its bbox is the crop region unless given. */
export function segment(cropRegion: Region, properties: Partial<Seg> = {}): Seg {
  const [x1, y1, x2, y2] = cropRegion;
  return {
    croppedMask: full([y2 - y1, x2 - x1], 1),
    confidence: 0.5,
    cropRegion,
    bbox: cropRegion,
    label: 'A',
    ...properties,
  };
}

/** Segments of an image of 10x8. */
export const segsOf = (...segs: Seg[]): Segs => ({ height: 8, width: 10, segs });

export const labelsOf = (segs: Segs): string[] => segs.segs.map(({ label }) => label);

/** The sum of all values. */
export const sumOf = ({ data }: Tensor): number => data.reduce((a, b) => a + b, 0);

/** The sum of each segment's mask. */
export const maskSums = (segs: Segs): number[] =>
  segs.segs.map(({ croppedMask }) => sumOf(croppedMask));

export const segA = segment([0, 0, 4, 4], { label: 'a', confidence: 0.9 });
export const segB = segment([2, 2, 8, 5], { label: 'b', confidence: 0.3 });
export const segEye = segment([5, 1, 7, 3], { label: 'left_eye' });
