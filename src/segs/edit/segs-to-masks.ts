// Masks of the whole image from SEGS (Impact Pack: segs_to_combined_mask, segs_to_masklist).

import { DarkroomError } from '../../errors.ts';
import { byteOf } from '../../image/mask/impact-mask-arithmetic.ts';
import { toNHW } from '../../image/mask/mask-shape.ts';
import { allocateBytes } from '../../tensor/allocate.ts';
import { concatBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { pythonSlice } from '../crop-region.ts';
import type { Seg, Segs } from '../segs.ts';

/** A mask of a segment: one plane of its croppedMask, of `size` [h, w]. */
interface MaskPlane {
  readonly values: Float32Array;
  readonly size: readonly [height: number, width: number];
}

/**
 * Combines a segment's mask into `bytes` of the whole image by bitwise or. Throws DR_SHAPE_MISMATCH
 * where the mask does not have the size of the crop region.
 */
function orMaskInto(bytes: Uint8Array, { height, width }: Segs, seg: Seg, plane: MaskPlane): void {
  const [x1, y1, x2, y2] = seg.cropRegion;
  const [h, w] = plane.size;
  const [left, right] = pythonSlice(x1, x2, width);
  const [top, bottom] = pythonSlice(y1, y2, height);
  if (bottom - top !== h || right - left !== w)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message:
        `a mask of ${w}x${h} does not fit the crop region [${seg.cropRegion}] ` +
        `of an image of ${width}x${height}`,
      hint: 'Use SEGS that were made for an image of this size and shape.',
      input: 'segs',
    });
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      bytes[(top + y) * width + left + x] |= byteOf(plane.values[y * w + x]);
}

const fromBytes = (bytes: Uint8Array, { height, width }: Segs): Tensor => ({
  shape: [1, height, width],
  data: Float32Array.from(bytes, (v) => v / 255),
});

/** The frames of a segment's mask; none for an empty mask. */
function planesOf({ croppedMask }: Seg): MaskPlane[] {
  const { data } = croppedMask;
  if (data.length === 0) return [];
  const [n, h, w] = toNHW(croppedMask).shape;
  return Array.from({ length: n }, (_, i) => ({
    values: data.subarray(i * h * w, (i + 1) * h * w),
    size: [h, w],
  }));
}

/** segs_to_combined_mask: all segments in one mask of the whole image, [1,H,W], by bitwise or. */
export function segsToCombinedMask(segs: Segs): Tensor {
  const bytes = allocateBytes(segs.height * segs.width);
  for (const seg of segs.segs)
    for (const plane of planesOf(seg)) orMaskInto(bytes, segs, seg, plane);
  return fromBytes(bytes, segs);
}

/**
 * segs_to_masklist: a mask [1,H,W] of the whole image for each frame of each segment; a single
 * empty mask if there is no segment.
 */
export function segsToMaskList(segs: Segs): Tensor[] {
  const masks = segs.segs.flatMap((seg) =>
    planesOf(seg).map((plane) => {
      const bytes = allocateBytes(segs.height * segs.width);
      orMaskInto(bytes, segs, seg, plane);
      return fromBytes(bytes, segs);
    }),
  );
  return masks.length ? masks : [zeros([1, segs.height, segs.width])];
}

/** SEGSToMaskBatch: the masks of segsToMaskList as one batch [N,H,W]. */
export const segsToMaskBatch = (segs: Segs): Tensor => concatBatch(segsToMaskList(segs));
