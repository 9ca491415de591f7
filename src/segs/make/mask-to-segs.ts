// Masks become SEGS (Impact Pack, core.mask_to_segs and the nodes MaskToSEGS, MaskToSEGS_for_AnimateDiff).
import { outerShapes } from '../../image/mask/contours.ts';
import { toNHW } from '../../image/mask/core-masks.ts';
import { bytesOf, flattenMask, toBinaryMask } from '../../image/mask/impact-mask-arithmetic.ts';
import { squeezeMask } from '../../image/mask/impact-mask-morphology.ts';
import { map, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { cropMaskRegion, makeCropRegion, pythonSlice } from '../crop-region.ts';
import { segsToMaskList } from '../edit/segs-to-masks.ts';
import type { Region, Seg, Segs } from '../segs.ts';

export interface MaskToSegsOptions {
  /** One part around all of the mask, instead of one for each shape. */
  readonly combined: boolean;
  /** Size of the crop region against the bbox, from 1. */
  readonly cropFactor: number;
  /** Fills the bbox with 1. */
  readonly bboxFill: boolean;
  /** Shapes not wider or not higher than this are dropped (at least 1; shapes only). */
  readonly dropSize?: number;
  readonly label?: string;
  /** Least side of a crop region (shapes only). */
  readonly cropMinSize?: number;
  /** 1 everywhere in a shape, instead of the mask's own values (MaskToSEGS: contour_fill). */
  readonly isContour?: boolean;
}

/** Fills with 1 as numpy's `mask[y1:y2, x1:x2] = 1` does. */
function fillRegion({ shape, data }: Tensor, [x1, y1, x2, y2]: Region): void {
  const [height, width] = shape;
  const [left, right] = pythonSlice(x1, x2, width);
  const [top, bottom] = pythonSlice(y1, y2, height);
  for (let y = top; y < bottom; y++) data.fill(1, y * width + left, y * width + right);
}

function boundsOf({ shape, data }: Tensor): Region | undefined {
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

/** One part around what is not zero. As in the original right and bottom are the last pixels, and bboxFill fills at the picture's positions. */
function combinedSeg(
  plane: Tensor,
  { cropFactor, bboxFill, label = 'A' }: MaskToSegsOptions,
): Seg[] {
  const [height, width] = plane.shape;
  const bbox = boundsOf(plane);
  if (!bbox) return [];
  const cropRegion = makeCropRegion(width, height, bbox, cropFactor);
  const [x1, y1, x2, y2] = cropRegion;
  if (x2 <= x1 || y2 <= y1) return [];
  const croppedMask = cropMaskRegion(plane, cropRegion);
  if (bboxFill) fillRegion(croppedMask, bbox);
  return [{ croppedMask, confidence: 1, cropRegion, bbox, label }];
}

function contourSegs(plane: Tensor, options: MaskToSegsOptions): Seg[] {
  const { cropFactor, bboxFill, label = 'A', cropMinSize, isContour = true } = options;
  const [height, width] = plane.shape;
  const dropSize = Math.max(options.dropSize ?? 1, 1);
  const found = outerShapes(bytesOf(plane.data), height, width);
  const large = found.shapes.filter((shape) => shape.width > dropSize && shape.height > dropSize);
  return large.map((shape) => {
    const bbox: Region = [shape.x, shape.y, shape.x + shape.width, shape.y + shape.height];
    const cropRegion = makeCropRegion(width, height, bbox, cropFactor, cropMinSize);
    const [x1, y1, x2, y2] = cropRegion;
    const columns = x2 - x1;
    const mask = map(
      { shape: [y2 - y1, columns], data: new Float32Array((y2 - y1) * columns) },
      (_, i) => {
        const x = i % columns;
        const at = (y1 + (i - x) / columns) * width + x1 + x;
        return found.map[at] !== shape.id
          ? 0
          : isContour
            ? 1
            : Math.min(Math.max(plane.data[at], 0), 1);
      },
    );
    if (bboxFill) fillRegion(mask, [bbox[0] - x1, bbox[1] - y1, bbox[2] - x1, bbox[3] - y1]);
    return { croppedMask: mask, confidence: 1, cropRegion, bbox, label };
  });
}

/** mask_to_segs of a mask [H,W] or [N,H,W]: for each mask one part around all of it, or one for each outermost shape, lowest first. */
export function maskToSegs(mask: Tensor, options: MaskToSegsOptions): Segs {
  const masks = toNHW(mask);
  const [n, height, width] = masks.shape;
  const segsOf = options.combined ? combinedSeg : contourSegs;
  const segs = Array.from({ length: n }, (_, i) => ({
    shape: [height, width],
    data: sliceBatch(masks, i, i + 1).data,
  }));
  return { height, width, segs: segs.flatMap((plane) => segsOf(plane, options)) };
}

/** batch_mask_to_segs: the parts of the maximum over a batch [N,H,W], each with the masks of all frames. */
export function batchMaskToSegs(masks: Tensor, options: MaskToSegsOptions): Segs {
  const [n, height, width] = masks.shape;
  const size = height * width;
  const most = map({ shape: [height, width], data: masks.data.subarray(0, size) }, (_, i) => {
    let value = masks.data[i];
    for (let item = 1; item < n; item++) value = Math.max(value, masks.data[item * size + i]);
    return value;
  });
  const found = maskToSegs(most, { ...options, isContour: true });
  return {
    ...found,
    segs: found.segs.map((seg) => ({ ...seg, croppedMask: cropMaskRegion(masks, seg.cropRegion) })),
  };
}

/** MaskToSEGS_for_AnimateDiff: a batch keeps its frames; a single mask is cut up, joined, made binary and cut up again. */
export function maskToSegsForAnimateDiff(mask: Tensor, options: MaskToSegsOptions): Segs {
  const masks = toNHW(mask);
  if (masks.shape[0] > 1) return batchMaskToSegs(masks, options);
  const list = segsToMaskList(maskToSegs(squeezeMask(mask), options));
  const [h, w] = list[0].shape.slice(-2);
  const data = new Float32Array(list.length * h * w);
  list.forEach((each, i) => {
    data.set(each.data, i * h * w);
  });
  const joined = map(flattenMask({ shape: [list.length, h, w], data }), (v) => v / 255);
  return maskToSegs(toBinaryMask(joined, 0.1), { ...options, combined: false, bboxFill: false });
}
