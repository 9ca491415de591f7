// SEGS from the boxes of a detector (Impact Pack core.py, ONNXDetector).
import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import type { Box } from '../../models/detector/boxes.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { fillMaskRegion, makeCropRegion } from '../crop-region.ts';
import type { DetailerHook } from '../hooks.ts';
import type { Region, Segs } from '../segs.ts';

export interface DetectionOptions {
  /** Pixels by which the masks grow; negative values shrink them. */
  readonly dilation: number;
  readonly cropFactor: number;
  /** Boxes that are not wider and higher than this are dropped; at least 1. */
  readonly dropSize?: number;
  readonly hook?: DetailerHook;
}

/** A mask of `cropRegion` with ones inside the bbox, dilated. */
function bboxMask([x1, y1, x2, y2]: Region, cropRegion: Region, dilation: number): Tensor {
  const [left, top, right, bottom] = cropRegion;
  const mask = zeros([bottom - top, right - left]);
  fillMaskRegion(mask, [x1 - left, y1 - top, x2 - left, y2 - top]);
  return dilateMask(mask, dilation);
}

/**
 * Returns SEGS of detections in an image of `height` x `width`: drops small boxes, calls the hook,
 * and makes each mask with `croppedMask`.
 */
export function detectionsToSegs<T extends { readonly box: Box }>(
  detections: readonly T[],
  height: number,
  width: number,
  options: DetectionOptions,
  croppedMask: (detection: T, cropRegion: Region) => Tensor,
): Segs {
  const { hook, cropFactor } = options;
  const dropSize = Math.max(options.dropSize ?? 1, 1);
  const segs = detections
    .filter(({ box: { corners } }) => {
      const [x1, y1, x2, y2] = corners;
      return x2 - x1 > dropSize && y2 - y1 > dropSize;
    })
    .map((detection) => {
      const { corners: bbox, score, label } = detection.box;
      const region = makeCropRegion(width, height, bbox, cropFactor);
      const cropRegion = hook?.postCropRegion?.(width, height, bbox, region) ?? region;
      return {
        croppedMask: croppedMask(detection, cropRegion),
        confidence: score,
        cropRegion,
        bbox,
        label,
      };
    });
  const detected = { height, width, segs };
  return hook?.postDetection?.(detected) ?? detected;
}

/** SEGS of boxes in an image of `height` x `width`; each mask is the box, dilated. */
export const boxesToSegs = (
  boxes: readonly Box[],
  height: number,
  width: number,
  options: DetectionOptions,
): Segs =>
  detectionsToSegs(
    boxes.map((box) => ({ box })),
    height,
    width,
    options,
    ({ box }, cropRegion) => bboxMask(box.corners, cropRegion, options.dilation),
  );
