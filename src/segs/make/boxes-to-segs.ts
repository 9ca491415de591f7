// What a detector of boxes found, as SEGS (Impact Pack core.py, ONNXDetector).
import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import type { Box } from '../../models/detector/boxes.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { makeCropRegion, pythonSlice } from '../crop-region.ts';
import type { DetailerHook } from '../hooks.ts';
import type { Region, Seg, Segs } from '../segs.ts';

export interface DetectionOptions {
  readonly dilation: number;
  readonly cropFactor: number;
  /** Boxes not wider or not higher than this are dropped (at least 1). */
  readonly dropSize?: number;
  readonly hook?: DetailerHook;
}

/** Ones in the bbox, zeros in the rest of the crop region, grown. */
function maskOf(
  [x1, y1, x2, y2]: Region,
  [left, top, right, bottom]: Region,
  dilation: number,
): Tensor {
  const [height, width] = [bottom - top, right - left];
  const mask = zeros([height, width]);
  const [from, to] = pythonSlice(x1 - left, x2 - left, width);
  const [first, last] = pythonSlice(y1 - top, y2 - top, height);
  for (let y = first; y < last; y++) mask.data.fill(1, y * width + from, y * width + to);
  return dilateMask(mask, dilation);
}

/** The boxes found in a picture of this size as parts. */
export function boxesToSegs(
  boxes: readonly Box[],
  height: number,
  width: number,
  o: DetectionOptions,
): Segs {
  const dropSize = Math.max(o.dropSize ?? 1, 1);
  const large = boxes.filter(
    ({ corners: [x1, y1, x2, y2] }) => x2 - x1 > dropSize && y2 - y1 > dropSize,
  );
  const segs = large.map(({ corners: bbox, score, label }): Seg => {
    const around = makeCropRegion(width, height, bbox, o.cropFactor);
    const cropRegion = o.hook?.postCropRegion?.(width, height, bbox, around) ?? around;
    return {
      croppedMask: maskOf(bbox, cropRegion, o.dilation),
      confidence: score,
      cropRegion,
      bbox,
      label,
    };
  });
  const found = { height, width, segs };
  return o.hook?.postDetection?.(found) ?? found;
}
