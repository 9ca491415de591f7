// SEGS from a detector's boxes with masks (Impact Subpack, subcore.py). Boxes are not rounded to
// whole pixels, and a negative dilation has no effect.

import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import { interpolateBytes } from '../../image/resize/torch-interpolate-uint8.ts';
import type { Box } from '../../models/detector/boxes.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { cropMaskRegion } from '../crop-region.ts';
import type { Segs } from '../segs.ts';
import { type DetectionOptions, detectionsToSegs } from './boxes-to-segs.ts';

/** A detection: a box and its mask [H,W] of the whole image. */
export interface Segmask {
  readonly box: Box;
  readonly mask: Tensor;
}

/** A box as a mask [height,width] of the whole image; its right and bottom edge are inclusive. */
export function bboxToMask(
  [x1, y1, x2, y2]: Box['corners'],
  height: number,
  width: number,
): Tensor {
  const mask = zeros([height, width]);
  const [left, top, right, bottom] = [x1, y1, x2, y2].map(Math.trunc);
  for (let y = Math.max(top, 0); y <= Math.min(bottom, height - 1); y++)
    mask.data.fill(1, y * width + Math.max(left, 0), y * width + Math.min(right, width - 1) + 1);
  return mask;
}

/**
 * Resizes a network's mask of zeros and ones to an image of `height` x `width`. The image is in the
 * middle of the mask; the padding around it is cropped by the difference of the aspect ratios.
 */
export function maskToImageSize(mask: Tensor, height: number, width: number): Tensor {
  const [h, w] = mask.shape;
  const heightExcess = h / w - height / width;
  const widthExcess = w / h - width / height;
  const paddingY = heightExcess > 0 ? Math.trunc(heightExcess * h) : 0;
  const paddingX = heightExcess < 0 ? Math.trunc(widthExcess * w) : 0;
  const inner = cropMaskRegion(mask, [paddingX, paddingY, w - paddingX, h - paddingY]);
  const from = { height: inner.shape[0], width: inner.shape[1] };
  return {
    shape: [height, width],
    data: Float32Array.from(interpolateBytes(Uint8Array.from(inner.data), from, { height, width })),
  };
}

const dilated = (mask: Tensor, dilation: number): Tensor =>
  dilation > 0 ? dilateMask(mask, dilation) : mask;

/** SEGS of detections in an image of `height` x `width`; each mask is the detection's, dilated. */
export const segmasksToSegs = (
  segmasks: readonly Segmask[],
  height: number,
  width: number,
  options: DetectionOptions,
): Segs =>
  detectionsToSegs(segmasks, height, width, options, ({ mask }, cropRegion) =>
    cropMaskRegion(dilated(mask, options.dilation), cropRegion),
  );

/**
 * All detections in one mask [1,H,W], undefined if there are none. As in the original, the masks
 * are combined by bitwise or of the float32 values.
 */
export function combineSegmasks(
  segmasks: readonly Segmask[],
  dilation: number,
): Tensor | undefined {
  if (segmasks.length === 0) return undefined;
  const [height, width] = segmasks[0].mask.shape;
  const data = allocate(height * width);
  const combinedBits = new Uint32Array(data.buffer);
  for (const { mask } of segmasks) {
    const values = Float32Array.from(dilated(mask, dilation).data);
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < combinedBits.length; i++) combinedBits[i] |= bits[i];
  }
  return { shape: [1, height, width], data };
}
