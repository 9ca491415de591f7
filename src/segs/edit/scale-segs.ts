// Scales SEGS to the size of another image (Impact Pack, core.segs_scale_match).
import { DarkroomError } from '../../errors.ts';
import { resizeMask, tensorResize } from '../../image/resize/impact-resize.ts';
import type { Region, Segs } from '../segs.ts';

/**
 * Scales SEGS to an image of `shape` [N,H,W,C]. As in the original, left and top are scaled by the
 * ratio of the widths, right and bottom by that of the heights. Throws DR_SHAPE_MISMATCH if this
 * leaves a segment without pixels.
 */
export function segsScaleMatch(segs: Segs, shape: readonly number[]): Segs {
  const [, height, width] = shape;
  if ((segs.height === height && segs.width === width) || segs.height === 0 || segs.width === 0)
    return segs;
  const ratioH = height / segs.height;
  const ratioW = width / segs.width;
  const scaleRegion = ([x1, y1, x2, y2]: Region): Region => [
    Math.trunc(x1 * ratioW),
    Math.trunc(y1 * ratioW),
    Math.trunc(x2 * ratioH),
    Math.trunc(y2 * ratioH),
  ];
  const scaled = segs.segs.map((seg) => {
    const cropRegion = scaleRegion(seg.cropRegion);
    const w = cropRegion[2] - cropRegion[0];
    const h = cropRegion[3] - cropRegion[1];
    if (w <= 0 || h <= 0 || seg.croppedMask.data.length === 0)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message:
          `the segment [${seg.cropRegion}] of an image of ${segs.width}x${segs.height} ` +
          `has no pixels when scaled to ${width}x${height}`,
        hint: 'Use an image of the same aspect ratio as the one that the SEGS were made for.',
        input: 'segs',
      });
    const resized = resizeMask(seg.croppedMask, { width: w, height: h });
    return {
      ...seg,
      croppedImage: seg.croppedImage && tensorResize(seg.croppedImage, { width: w, height: h }),
      croppedMask: { shape: [...seg.croppedMask.shape.slice(0, -2), h, w], data: resized.data },
      cropRegion,
      bbox: scaleRegion(seg.bbox),
    };
  });
  return { height, width, segs: scaled };
}
