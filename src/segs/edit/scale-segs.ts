// SEGS to the size of another picture (Impact Pack, core.segs_scale_match).
import { DarkroomError } from '../../errors.ts';
import { resizeMask, tensorResize } from '../../image/resize/common-upscale.ts';
import type { Region, Segs } from '../segs.ts';

/**
 * SEGS scaled to an image of `shape` [N,H,W,C]. As in the original the width's ratio is used for left and top, the height's for right and
 * bottom; throws DR_SHAPE_MISMATCH where that leaves a part without size.
 */
export function segsScaleMatch(segs: Segs, shape: readonly number[]): Segs {
  const [, height, width] = shape;
  if ((segs.height === height && segs.width === width) || segs.height === 0 || segs.width === 0)
    return segs;
  const ratioH = height / segs.height;
  const ratioW = width / segs.width;
  const scaled = ([x1, y1, x2, y2]: Region): Region => [
    Math.trunc(x1 * ratioW),
    Math.trunc(y1 * ratioW),
    Math.trunc(x2 * ratioH),
    Math.trunc(y2 * ratioH),
  ];
  const parts = segs.segs.map((seg) => {
    const cropRegion = scaled(seg.cropRegion);
    const w = cropRegion[2] - cropRegion[0];
    const h = cropRegion[3] - cropRegion[1];
    if (w <= 0 || h <= 0 || seg.croppedMask.data.length === 0)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `the part [${seg.cropRegion}] of a ${segs.width}x${segs.height} picture has no size on one of ${width}x${height}`,
        hint: 'use a picture of the same aspect as the one the SEGS were made for',
        input: 'segs',
      });
    const resized = resizeMask(seg.croppedMask, w, h);
    return {
      ...seg,
      croppedImage: seg.croppedImage && tensorResize(seg.croppedImage, w, h),
      croppedMask: { shape: [...seg.croppedMask.shape.slice(0, -2), h, w], data: resized.data },
      cropRegion,
      bbox: scaled(seg.bbox),
    };
  });
  return { height, width, segs: parts };
}
