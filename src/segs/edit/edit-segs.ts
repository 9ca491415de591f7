// Changes to the labels, images and ControlNets of SEGS (Impact Pack: core.py, segs_nodes.py).
import { DarkroomError } from '../../errors.ts';
import { sliceBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { cropImageRegion } from '../crop-region.ts';
import { mapSegs, type Segs } from '../segs.ts';
import { segsScaleMatch } from './scale-segs.ts';

/**
 * SEGSLabelAssign: assigns comma-separated labels in order. Segments beyond the last label are
 * not changed.
 */
export function assignLabels(segs: Segs, labels: string, warn?: (message: string) => void): Segs {
  const names = labels.split(',').map((label) => label.trim());
  if (names.length !== segs.segs.length)
    warn?.(
      `the number of labels (${names.length}) differs from that of SEGS (${segs.segs.length})`,
    );
  return mapSegs(segs, (seg, i) => (i < names.length ? { ...seg, label: names[i] } : seg));
}

/**
 * DefaultImageForSEGS: crops the segments' images from `image`; with `override` also for segments
 * that have an image. Throws DR_SHAPE_MISMATCH if `image` has fewer frames than the segments.
 */
export function setDefaultImage(segs: Segs, image: Tensor, override: boolean): Segs {
  const matched = segsScaleMatch(segs, image.shape);
  const frames = matched.segs[0]?.croppedImage?.shape[0] ?? image.shape[0];
  if (frames > image.shape[0])
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `SEGS of ${frames} frames need as many images, got ${image.shape[0]}`,
      hint: 'Use as many images as the SEGS have frames.',
      input: 'image',
    });
  const images = sliceBatch(image, 0, frames);
  return mapSegs(matched, (seg) =>
    seg.croppedImage && !override
      ? seg
      : { ...seg, croppedImage: cropImageRegion(images, seg.cropRegion) },
  );
}

/** RemoveImageFromSEGS. */
export const removeImages = (segs: Segs): Segs =>
  mapSegs(segs, (seg) => ({ ...seg, croppedImage: undefined }));

/** ControlNetClearSEGS. */
export const clearControlNets = (segs: Segs): Segs =>
  mapSegs(segs, (seg) => ({ ...seg, controlNetWrapper: undefined }));

/**
 * SEGSToImageList: each segment's image, cropped from `fallback` for segments without one, or a
 * black image of 64x64 if there is no fallback either.
 */
export function segsToImageList(segs: Segs, fallback?: Tensor): Tensor[] {
  const black = zeros([1, 64, 64, 3]);
  const matched = fallback ? segsScaleMatch(segs, fallback.shape) : segs;
  const images = matched.segs.map(
    (seg) => seg.croppedImage ?? (fallback ? cropImageRegion(fallback, seg.cropRegion) : black),
  );
  return images.length ? images : [black];
}
