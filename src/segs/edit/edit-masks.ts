// Changes to the masks of SEGS (Impact Pack: core.py, segs_nodes.py).
import { DarkroomError } from '../../errors.ts';
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import { byteOf } from '../../image/mask/impact-mask-arithmetic.ts';
import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import { squeezeMask, toNHW } from '../../image/mask/mask-shape.ts';
import { map, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { cropMaskRegion } from '../crop-region.ts';
import { mapSegs, type Region, type Seg, type Segs } from '../segs.ts';

const mapMasks = (segs: Segs, change: (mask: Tensor) => Tensor): Segs =>
  mapSegs(segs, (seg) => ({ ...seg, croppedMask: change(seg.croppedMask) }));

/**
 * DilateMaskInSEGS, dilate_segs: grows each segment's mask inside its crop region; a negative
 * factor shrinks it.
 */
export const dilateSegs = (segs: Segs, factor: number): Segs =>
  mapMasks(segs, (mask) => dilateMask(mask, factor));

/** GaussianBlurMaskInSEGS: blurs each segment's mask inside its crop region. */
export const blurSegs = (segs: Segs, kernelSize: number, sigma = 10): Segs =>
  mapMasks(segs, (mask) => squeezeMask(gaussianBlurMask(mask, kernelSize, sigma)));

/**
 * Combines a segment's mask byte by byte with the part of `wholeMask` inside the crop region. The
 * ControlNet is dropped. Throws DR_SHAPE_MISMATCH where the two masks differ in size.
 */
function combineMaskBytes(
  seg: Seg,
  wholeMask: Tensor,
  apply: (a: number, b: number) => number,
): Seg {
  const other = cropMaskRegion(wholeMask, seg.cropRegion);
  const own = squeezeMask(seg.croppedMask);
  if (other.shape.join() !== own.shape.join())
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message:
        `a mask of [${wholeMask.shape}] does not cover the crop region [${seg.cropRegion}] ` +
        `of a segment whose mask is [${own.shape}]`,
      hint: 'Use a single mask of the size of the image that the SEGS were made for.',
      input: 'mask',
    });
  const croppedMask = map(own, (v, i) => apply(byteOf(v), byteOf(other.data[i])) / 255);
  return { ...seg, croppedMask, controlNetWrapper: undefined };
}

const and = (a: number, b: number): number => a & b;

/**
 * segs_bitwise_and_mask: SegsBitwiseAndMask; BitwiseAndMaskForEach with the segsToCombinedMask of
 * the other SEGS.
 */
export const segsBitwiseAndMask = (segs: Segs, mask: Tensor): Segs =>
  mapSegs(segs, (seg) => combineMaskBytes(seg, squeezeMask(mask), and));

/** segs_bitwise_subtract_mask (SubtractMaskForEach): clamped at 0. */
export const segsBitwiseSubtractMask = (segs: Segs, mask: Tensor): Segs =>
  mapSegs(segs, (seg) => combineMaskBytes(seg, squeezeMask(mask), (a, b) => Math.max(a - b, 0)));

/**
 * apply_mask_to_each_seg (SegsBitwiseAndMaskForEach): combines the i-th segment with the i-th mask
 * of a batch. Segments without a mask are dropped.
 */
export function applyMaskToEachSeg(segs: Segs, masks: Tensor): Segs {
  const batch = toNHW(masks);
  const [n, h, w] = batch.shape;
  return {
    ...segs,
    segs: segs.segs
      .slice(0, n)
      .map((seg, i) =>
        combineMaskBytes(seg, { shape: [h, w], data: sliceBatch(batch, i, i + 1).data }, and),
      ),
  };
}

/**
 * SEG_ELT_BBOX_ScaleBy: scales the bbox around its centre and clears the mask outside it. As in the
 * original, the mask's last row and column are always cleared.
 */
export function scaleBbox(seg: Seg, scaleBy: number): Seg {
  const [x1, y1, x2, y2] = seg.bbox;
  const grow = (size: number): number => Math.trunc((size * scaleBy - size) / 2);
  const [dx, dy] = [grow(x2 - x1), grow(y2 - y1)];
  const bbox: Region = [x1 - dx, y1 - dy, x2 + dx, y2 + dy];
  const mask = squeezeMask(seg.croppedMask);
  const [h, w] = mask.shape;
  const [cropX, cropY] = seg.cropRegion;
  const clamp = (position: number, size: number): number =>
    Math.min(size - 1, Math.max(0, position));
  const [left, right] = [clamp(bbox[0] - cropX, w), clamp(bbox[2] - cropX, w)];
  const [top, bottom] = [clamp(bbox[1] - cropY, h), clamp(bbox[3] - cropY, h)];
  const croppedMask = map(mask, (v, i) => {
    const x = i % w;
    const y = (i - x) / w;
    return x >= left && x < right && y >= top && y < bottom ? v : 0;
  });
  return { ...seg, croppedMask, bbox };
}
