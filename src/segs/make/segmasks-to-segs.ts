// What a detector found with a mask of each, as SEGS (Impact Subpack, subcore.py). Boxes keep their fractions; negative dilations do nothing.

import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import { interpolateBytes } from '../../image/resize/torch-interpolate-uint8.ts';
import type { Box } from '../../models/detector/boxes.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { cropMaskRegion, makeCropRegion } from '../crop-region.ts';
import type { Seg, Segs } from '../segs.ts';
import type { DetectionOptions } from './boxes-to-segs.ts';

export interface Segmask {
  readonly box: Box;
  /** [H,W], of the whole picture. */
  readonly mask: Tensor;
}

/** A box as a mask of the whole picture; the pixels of its last row and column are in it. */
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

/** A mask of ones at a network's size, where the picture lies in the middle, at the picture's size: the borders are cut off by the ratio of sides. */
export function maskToImageSize(mask: Tensor, height: number, width: number): Tensor {
  const [h, w] = mask.shape;
  const [tall, flat] = [h / w - height / width, w / h - width / height];
  const down = tall > 0 ? Math.trunc(tall * h) : 0;
  const across = tall < 0 ? Math.trunc(flat * w) : 0;
  const inner = cropMaskRegion(mask, [across, down, w - across, h - down]);
  const from = { height: inner.shape[0], width: inner.shape[1] };
  return {
    shape: [height, width],
    data: Float32Array.from(interpolateBytes(Uint8Array.from(inner.data), from, { height, width })),
  };
}

const grown = (mask: Tensor, dilation: number): Tensor =>
  dilation > 0 ? dilateMask(mask, dilation) : mask;

/** Shapes found in a picture of this size as parts. */
export function segmasksToSegs(
  shapes: readonly Segmask[],
  height: number,
  width: number,
  o: DetectionOptions,
): Segs {
  const dropSize = Math.max(o.dropSize ?? 1, 1);
  const large = shapes.filter(
    ({ box: { corners } }) =>
      corners[2] - corners[0] > dropSize && corners[3] - corners[1] > dropSize,
  );
  const segs = large.map(({ box: { corners: bbox, score, label }, mask }): Seg => {
    const around = makeCropRegion(width, height, bbox, o.cropFactor);
    const cropRegion = o.hook?.postCropRegion?.(width, height, bbox, around) ?? around;
    return {
      croppedMask: cropMaskRegion(grown(mask, o.dilation), cropRegion),
      confidence: score,
      cropRegion,
      bbox,
      label,
    };
  });
  const found = { height, width, segs };
  return o.hook?.postDetection?.(found) ?? found;
}

/** All shapes in one mask [1,H,W], by or of their bits, as the original has it; undefined when there are none. */
export function combineSegmasks(shapes: readonly Segmask[], dilation: number): Tensor | undefined {
  if (shapes.length === 0) return undefined;
  const [height, width] = shapes[0].mask.shape;
  const data = new Float32Array(height * width);
  const bits = new Uint32Array(data.buffer);
  for (const { mask } of shapes) {
    const other = Float32Array.from(grown(mask, dilation).data);
    const ones = new Uint32Array(other.buffer);
    for (let i = 0; i < bits.length; i++) bits[i] |= ones[i];
  }
  return { shape: [1, height, width], data };
}
