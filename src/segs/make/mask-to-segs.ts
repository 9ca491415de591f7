// SEGS from masks (Impact Pack, core.mask_to_segs and the nodes MaskToSEGS,
// MaskToSEGS_for_AnimateDiff).
import { outerContours } from '../../image/mask/contours.ts';
import { bytesOf, flattenMask, toBinaryMask } from '../../image/mask/impact-mask-arithmetic.ts';
import { squeezeMask, toNHW } from '../../image/mask/mask-shape.ts';
import { map, sliceBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { cropMaskRegion, fillMaskRegion, makeCropRegion } from '../crop-region.ts';
import { segsToMaskList } from '../edit/segs-to-masks.ts';
import type { Region, Seg, Segs } from '../segs.ts';

export interface MaskToSegsOptions {
  /** One segment around the whole mask instead of one for each outermost contour. */
  readonly combined: boolean;
  /** Size of the crop region relative to the bbox, at least 1. */
  readonly cropFactor: number;
  /** Fills the bbox with 1. */
  readonly bboxFill: boolean;
  /**
   * Contours that are not wider and higher than this are dropped; at least 1. No effect with
   * `combined`.
   */
  readonly dropSize?: number;
  readonly label?: string;
  /** Minimum side of a crop region. No effect with `combined`. */
  readonly cropMinSize?: number;
  /** Fills each contour with 1 instead of the mask's own values (MaskToSEGS: contour_fill). */
  readonly isContour?: boolean;
}

/**
 * The region of the non-zero values, with inclusive right and bottom; undefined if there are none.
 */
function nonZeroBounds({ shape, data }: Tensor): Region | undefined {
  const width = shape[1];
  let [x1, y1, x2, y2] = [width, -1, -1, -1];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    const x = i % width;
    y2 = (i - x) / width;
    if (y1 < 0) y1 = y2;
    x1 = Math.min(x1, x);
    x2 = Math.max(x2, x);
  }
  return y1 < 0 ? undefined : [x1, y1, x2, y2];
}

/**
 * One segment around all non-zero values. As in the original, right and bottom of the bbox are the
 * last pixels, and bboxFill fills the cropped mask at coordinates of the whole image.
 */
function combinedSeg(
  mask: Tensor,
  { cropFactor, bboxFill, label = 'A' }: MaskToSegsOptions,
): Seg[] {
  const [height, width] = mask.shape;
  const bbox = nonZeroBounds(mask);
  if (!bbox) return [];
  const cropRegion = makeCropRegion(width, height, bbox, cropFactor);
  const [x1, y1, x2, y2] = cropRegion;
  if (x2 <= x1 || y2 <= y1) return [];
  const croppedMask = cropMaskRegion(mask, cropRegion);
  if (bboxFill) fillMaskRegion(croppedMask, bbox);
  return [{ croppedMask, confidence: 1, cropRegion, bbox, label }];
}

/** One segment for each outermost contour. */
function contourSegs(mask: Tensor, options: MaskToSegsOptions): Seg[] {
  const { cropFactor, bboxFill, label = 'A', cropMinSize, isContour = true } = options;
  const [height, width] = mask.shape;
  const dropSize = Math.max(options.dropSize ?? 1, 1);
  const { contours, labels } = outerContours(bytesOf(mask.data), height, width);
  const large = contours.filter((contour) => contour.width > dropSize && contour.height > dropSize);
  return large.map((contour) => {
    const { x: left, y: top } = contour;
    const bbox: Region = [left, top, left + contour.width, top + contour.height];
    const cropRegion = makeCropRegion(width, height, bbox, cropFactor, cropMinSize);
    const [x1, y1, x2, y2] = cropRegion;
    const cropWidth = x2 - x1;
    const croppedMask = map(zeros([y2 - y1, cropWidth]), (_, i) => {
      const x = i % cropWidth;
      const index = (y1 + (i - x) / cropWidth) * width + x1 + x;
      if (labels[index] !== contour.label) return 0;
      return isContour ? 1 : Math.min(Math.max(mask.data[index], 0), 1);
    });
    if (bboxFill)
      fillMaskRegion(croppedMask, [bbox[0] - x1, bbox[1] - y1, bbox[2] - x1, bbox[3] - y1]);
    return { croppedMask, confidence: 1, cropRegion, bbox, label };
  });
}

/**
 * mask_to_segs of a mask [H,W] or [N,H,W]: for each mask one segment around all of it, or one for
 * each outermost contour, starting at the bottom.
 */
export function maskToSegs(mask: Tensor, options: MaskToSegsOptions): Segs {
  const masks = toNHW(mask);
  const [n, height, width] = masks.shape;
  const segsOf = options.combined ? combinedSeg : contourSegs;
  const planes = Array.from({ length: n }, (_, i) => ({
    shape: [height, width],
    data: sliceBatch(masks, i, i + 1).data,
  }));
  return { height, width, segs: planes.flatMap((plane) => segsOf(plane, options)) };
}

/** batch_mask_to_segs: the segments of the maximum over a batch [N,H,W], with all frames' masks. */
export function batchMaskToSegs(masks: Tensor, options: MaskToSegsOptions): Segs {
  const [n, height, width] = masks.shape;
  const size = height * width;
  const maximum = map({ shape: [height, width], data: masks.data.subarray(0, size) }, (_, i) => {
    let value = masks.data[i];
    for (let frame = 1; frame < n; frame++) value = Math.max(value, masks.data[frame * size + i]);
    return value;
  });
  const segs = maskToSegs(maximum, { ...options, isContour: true });
  return {
    ...segs,
    segs: segs.segs.map((seg) => ({ ...seg, croppedMask: cropMaskRegion(masks, seg.cropRegion) })),
  };
}

/**
 * MaskToSEGS_for_AnimateDiff: of a batch, each segment has the masks of all frames. A single mask
 * is converted to SEGS, back to one binary mask, and to SEGS again.
 */
export function maskToSegsForAnimateDiff(mask: Tensor, options: MaskToSegsOptions): Segs {
  const masks = toNHW(mask);
  if (masks.shape[0] > 1) return batchMaskToSegs(masks, options);
  const list = segsToMaskList(maskToSegs(squeezeMask(mask), options));
  const [h, w] = list[0].shape.slice(-2);
  const batch = zeros([list.length, h, w]);
  for (const [i, { data }] of list.entries()) batch.data.set(data, i * h * w);
  const joined = map(flattenMask(batch), (v) => v / 255);
  return maskToSegs(toBinaryMask(joined, 0.1), { ...options, combined: false, bboxFill: false });
}
