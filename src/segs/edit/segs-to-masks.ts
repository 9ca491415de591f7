// SEGS back to masks, and several SEGS or parts to one (Impact Pack: segs_to_combined_mask, segs_to_masklist, SEGSMerge, SEGSConcat).
import { DarkroomError } from '../../errors.ts';
import { toNHW } from '../../image/mask/core-masks.ts';
import { byteOf } from '../../image/mask/impact-mask-arithmetic.ts';
import { concatBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { cropMaskRegion, pythonSlice } from '../crop-region.ts';
import { emptySegs, type Seg, type Segs } from '../segs.ts';

/** Joins a part's bytes into `bytes` of the whole picture, by or. Throws DR_SHAPE_MISMATCH where mask and crop region don't agree. */
function orMaskInto(
  bytes: Uint8Array,
  { height, width }: Segs,
  seg: Seg,
  plane: Float32Array,
  [h, w]: readonly number[],
): void {
  const [x1, y1, x2, y2] = seg.cropRegion;
  const [left, right] = pythonSlice(x1, x2, width);
  const [top, bottom] = pythonSlice(y1, y2, height);
  if (bottom - top !== h || right - left !== w)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `a mask of ${w}x${h} does not fit the crop region [${seg.cropRegion}] of a picture of ${width}x${height}`,
      hint: 'use SEGS that were made for a picture of this size and shape',
      input: 'segs',
    });
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) bytes[(top + y) * width + left + x] |= byteOf(plane[y * w + x]);
}

const fromBytes = (bytes: Uint8Array, { height, width }: Segs): Tensor => ({
  shape: [1, height, width],
  data: Float32Array.from(bytes, (v) => v / 255),
});

const planesOf = (seg: Seg): { planes: Float32Array[]; size: number[] } => {
  const { data } = seg.croppedMask;
  if (data.length === 0) return { planes: [], size: [] };
  const [n, h, w] = toNHW(seg.croppedMask).shape;
  return {
    planes: Array.from({ length: n }, (_, i) => data.subarray(i * h * w, (i + 1) * h * w)),
    size: [h, w],
  };
};

/** segs_to_combined_mask: all parts in one mask of the whole picture, [1,H,W], by or of their bytes. */
export function segsToCombinedMask(segs: Segs): Tensor {
  const bytes = new Uint8Array(segs.height * segs.width);
  for (const seg of segs.segs) {
    const { planes, size } = planesOf(seg);
    for (const plane of planes) orMaskInto(bytes, segs, seg, plane, size);
  }
  return fromBytes(bytes, segs);
}

/** segs_to_masklist: a mask [1,H,W] of the whole picture for each part (each frame of it); an empty one when there is no part. */
export function segsToMaskList(segs: Segs): Tensor[] {
  const masks = segs.segs.flatMap((seg) => {
    const { planes, size } = planesOf(seg);
    return planes.map((plane) => {
      const bytes = new Uint8Array(segs.height * segs.width);
      orMaskInto(bytes, segs, seg, plane, size);
      return fromBytes(bytes, segs);
    });
  });
  return masks.length ? masks : [zeros([1, segs.height, segs.width])];
}

/** SEGSToMaskBatch: the masks of toMaskList as one batch [N,H,W]. */
export const segsToMaskBatch = (segs: Segs): Tensor => concatBatch(segsToMaskList(segs));

/** SEGSMerge: one part over all of them, labelled `merged`, with the least confidence; pictures and control nets are dropped. */
export function mergeSegs(segs: Segs): Segs {
  const around = (regions: readonly (readonly number[])[]) =>
    [
      Math.min(Number.MAX_SAFE_INTEGER, ...regions.map((r) => r[0])),
      Math.min(Number.MAX_SAFE_INTEGER, ...regions.map((r) => r[1])),
      Math.max(0, ...regions.map((r) => r[2])),
      Math.max(0, ...regions.map((r) => r[3])),
    ] as const;
  const cropRegion = around(segs.segs.map((seg) => seg.cropRegion));
  const merged: Seg = {
    croppedMask: cropMaskRegion(segsToCombinedMask(segs), cropRegion),
    confidence: Math.min(1, ...segs.segs.map((seg) => seg.confidence)),
    cropRegion,
    bbox: around(segs.segs.map((seg) => seg.bbox)),
    label: 'merged',
  };
  return { ...segs, segs: [merged] };
}

/** SEGSConcat: the parts of all SEGS of the size of the first that has parts; others are left out, told through `warn`. */
export function concatSegs(list: readonly Segs[], warn?: (message: string) => void): Segs {
  const full = list.filter(
    (segs) => segs.segs.length > 0 && (segs.height !== 0 || segs.width !== 0),
  );
  if (!full.length) return emptySegs();
  const { height, width } = full[0];
  const fits = (segs: Segs): boolean => segs.height === height && segs.width === width;
  for (const other of full.filter((segs) => !fits(segs)))
    warn?.(
      `SEGS of a ${other.width}x${other.height} picture are left out beside those of a ${width}x${height} picture`,
    );
  return { height, width, segs: full.filter(fits).flatMap((segs) => segs.segs) };
}
