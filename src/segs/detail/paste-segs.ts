// SEGSPaste (Impact Pack): pastes the segments' images into the whole image under feathered masks.
import { DarkroomError } from '../../errors.ts';
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import { pasteMasked } from '../../image/compose/paste.ts';
import { flattenMask, toBinaryMask } from '../../image/mask/impact-mask-arithmetic.ts';
import { concatBatch, map, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { cropImageRegion } from '../crop-region.ts';
import { segsScaleMatch } from '../edit/scale-segs.ts';
import type { Seg, Segs } from '../segs.ts';

/**
 * The mask for frame `i` of `frames`: the frame's own or, if the numbers of frames differ, all
 * frames joined to a binary mask.
 */
function frameMask({ croppedMask }: Seg, i: number, frames: number): Tensor {
  if (croppedMask.shape.length < 3) return croppedMask;
  const [n, h, w] = croppedMask.shape;
  if (n === frames) return { shape: [h, w], data: sliceBatch(croppedMask, i, i + 1).data };
  if (n === 1) return croppedMask;
  const joined = map(flattenMask(croppedMask), (v) => v / 255);
  return toBinaryMask(joined, 0.1);
}

function frameOf(image: Tensor, i: number): Tensor {
  if (i < image.shape[0]) return sliceBatch(image, i, i + 1);
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `frame ${i + 1} is to be pasted from an image of ${image.shape[0]} frames`,
    hint: 'Connect as many images to paste as the image has frames.',
    input: 'ref_image_opt',
  });
}

/**
 * Pastes the segments in order into the NHWC `image`: their own images or, if given, the same
 * regions of `reference`. `feather` blurs the masks, `alpha` (0..255) scales them. Throws
 * DR_SHAPE_MISMATCH if there are fewer frames to paste than the image has.
 */
export function pasteSegs(
  image: Tensor,
  segs: Segs,
  feather: number,
  alpha = 255,
  reference?: Tensor,
): Tensor {
  const matched = segsScaleMatch(segs, image.shape);
  const frames = image.shape[0];
  const strength = Math.fround(alpha / 255);
  const pasteFrame = (canvas: Tensor, seg: Seg, i: number): Tensor => {
    const source = reference ?? seg.croppedImage;
    if (!source) return canvas;
    const frame = frameOf(source, i);
    const patch = reference ? cropImageRegion(frame, seg.cropRegion) : frame;
    if (patch.data.length === 0) return canvas;
    const mask = map(gaussianBlurMask(frameMask(seg, i, frames), feather), (v) => v * strength);
    const [left, top] = seg.cropRegion;
    return pasteMasked(canvas, patch, { left, top }, mask);
  };
  return concatBatch(
    Array.from({ length: frames }, (_, i) =>
      matched.segs.reduce((canvas, seg) => pasteFrame(canvas, seg, i), sliceBatch(image, i, i + 1)),
    ),
  );
}
