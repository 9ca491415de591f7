// Changes to the masks, pictures and labels of SEGS (Impact Pack: core.py, segs_nodes.py).

import { DarkroomError } from '../../errors.ts';
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import { toNHW } from '../../image/mask/core-masks.ts';
import { byteOf } from '../../image/mask/impact-mask-arithmetic.ts';
import { dilateMask, squeezeMask } from '../../image/mask/impact-mask-morphology.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { map, sliceBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { cropImageRegion, cropMaskRegion } from '../crop-region.ts';
import { mapSegs, type Region, type Seg, type Segs } from '../segs.ts';
import { segsScaleMatch } from './scale-segs.ts';

const withMask = (change: (mask: Tensor, seg: Seg) => Tensor) => (seg: Seg) => ({
  ...seg,
  croppedMask: change(seg.croppedMask, seg),
});

/** DilateMaskInSEGS, dilate_segs: every part's mask grown (or, negative, shrunk) inside its crop region. */
export const dilateSegs = (segs: Segs, factor: number): Segs =>
  mapSegs(
    segs,
    withMask((mask) => dilateMask(mask, factor)),
  );

/** GaussianBlurMaskInSEGS: every part's mask blurred inside its crop region. */
export const blurSegs = (segs: Segs, kernelSize: number, sigma = 10): Segs =>
  mapSegs(
    segs,
    withMask((mask) => squeezeMask(gaussianBlurMask(mask, kernelSize, sigma))),
  );

/** Combines each part's mask with the mask of the whole picture inside the crop region, byte by byte; control nets are dropped. */
function combineMaskBytes(seg: Seg, whole: Tensor, apply: (a: number, b: number) => number): Seg {
  const other = cropMaskRegion(whole, seg.cropRegion);
  const own = squeezeMask(seg.croppedMask);
  if (other.shape.join() !== own.shape.join())
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `a mask of [${whole.shape}] does not cover the crop region [${seg.cropRegion}] of a mask of [${own.shape}]`,
      hint: 'use one mask of the size of the picture that the SEGS were made for',
      input: 'mask',
    });
  const croppedMask = map(own, (v, i) => apply(byteOf(v), byteOf(other.data[i])) / 255);
  return { ...seg, croppedMask, controlNetWrapper: undefined };
}

const and = (a: number, b: number): number => a & b;

/** segs_bitwise_and_mask (SegsBitwiseAndMask, BitwiseAndMaskForEach with the other SEGS' toCombinedMask). */
export const segsBitwiseAndMask = (segs: Segs, mask: Tensor): Segs =>
  mapSegs(segs, (seg) => combineMaskBytes(seg, squeezeMask(mask), and));

/** segs_bitwise_subtract_mask (SubtractMaskForEach): never below 0. */
export const segsBitwiseSubtractMask = (segs: Segs, mask: Tensor): Segs =>
  mapSegs(segs, (seg) => combineMaskBytes(seg, squeezeMask(mask), (a, b) => Math.max(a - b, 0)));

/** apply_mask_to_each_seg (SegsBitwiseAndMaskForEach): the i-th part with the i-th mask of a batch; what has no partner is dropped. */
export function applyMaskToEachSeg(segs: Segs, masks: Tensor): Segs {
  const batch = toNHW(masks);
  const [n, h, w] = batch.shape;
  const pairs = segs.segs.slice(0, n);
  return {
    ...segs,
    segs: pairs.map((seg, i) =>
      combineMaskBytes(seg, { shape: [h, w], data: sliceBatch(batch, i, i + 1).data }, and),
    ),
  };
}

/** SEGSLabelAssign: labels separated by commas, given out in order; parts beyond them keep theirs. */
export function assignLabels(segs: Segs, labels: string, warn?: (message: string) => void): Segs {
  const names = labels.split(',').map((label) => label.trim());
  if (names.length !== segs.segs.length)
    warn?.(`${names.length} labels for ${segs.segs.length} SEGS`);
  return mapSegs(segs, (seg, i) => (i < names.length ? { ...seg, label: names[i] } : seg));
}

/** DefaultImageForSEGS: the parts' pictures cut from `image`; with `override` also where a part has one. */
export function setDefaultImage(segs: Segs, image: Tensor, override: boolean): Segs {
  const matched = segsScaleMatch(segs, image.shape);
  const count = matched.segs[0]?.croppedImage?.shape[0] ?? image.shape[0];
  if (count > image.shape[0])
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `${image.shape[0]} images for SEGS of ${count} frames`,
      hint: 'use as many images as the SEGS have frames',
      input: 'image',
    });
  const images = sliceBatch(image, 0, count);
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

/** SEGSToImageList: each part's picture, cut from `fallback` where it has none, 64x64 of black where there is neither. */
export function segsToImageList(segs: Segs, fallback?: Tensor): Tensor[] {
  const black = zeros([1, 64, 64, 3]);
  const { segs: parts } = fallback ? segsScaleMatch(segs, fallback.shape) : segs;
  const images = parts.map(
    (seg) => seg.croppedImage ?? (fallback ? cropImageRegion(fallback, seg.cropRegion) : black),
  );
  return images.length ? images : [black];
}

/** SEG_ELT_BBOX_ScaleBy: bbox scaled around its middle, the mask cleared outside it; its last row and column always are. */
export function scaleBbox(seg: Seg, scaleBy: number): Seg {
  const [x1, y1, x2, y2] = seg.bbox;
  const grow = (size: number): number => Math.trunc((size * scaleBy - size) / 2);
  const [dw, dh] = [grow(x2 - x1), grow(y2 - y1)];
  const bbox: Region = [x1 - dw, y1 - dh, x2 + dw, y2 + dh];
  const mask = squeezeMask(seg.croppedMask);
  const [h, w] = mask.shape;
  const inside = (v: number, size: number): number => Math.min(size - 1, Math.max(0, v));
  const [left, right] = [
    inside(bbox[0] - seg.cropRegion[0], w),
    inside(bbox[2] - seg.cropRegion[0], w),
  ];
  const [top, bottom] = [
    inside(bbox[1] - seg.cropRegion[1], h),
    inside(bbox[3] - seg.cropRegion[1], h),
  ];
  const croppedMask = map(mask, (v, i) => {
    const x = i % w;
    const y = (i - x) / w;
    return x >= left && x < right && y >= top && y < bottom ? v : 0;
  });
  return { ...seg, croppedMask, bbox };
}

/** crop_condition_mask: a conditioning's mask [N,h,w] cut to a part of `image`; as in the original x is scaled by the height's ratio. */
export function cropConditionMask(mask: Tensor, image: Tensor, [x1, y1, x2, y2]: Region): Tensor {
  const first = mask.shape[1] / image.shape[1];
  const second = mask.shape[2] / image.shape[2];
  return cropMaskRegion(mask, [
    roundHalfEven(x1 * first),
    roundHalfEven(y1 * second),
    roundHalfEven(x2 * first),
    roundHalfEven(y2 * second),
  ]);
}
