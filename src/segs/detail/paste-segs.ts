// SEGSPaste (Impact Pack): the parts' pictures back into the whole picture under feathered masks.
import { DarkroomError } from '../../errors.ts';
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import { pasteMasked } from '../../image/compose/paste.ts';
import { flattenMask, toBinaryMask } from '../../image/mask/impact-mask-arithmetic.ts';
import { concatBatch, map, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { cropImageRegion } from '../crop-region.ts';
import { segsScaleMatch } from '../edit/scale-segs.ts';
import type { Seg, Segs } from '../segs.ts';

const f = Math.fround;

/** The mask for frame `i` of `frames`: its own, or, when the counts differ, all frames joined and made binary. */
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
    message: `frame ${i + 1} of a picture of ${image.shape[0]} frames`,
    hint: 'give as many pictures to paste as the image has frames',
    input: 'ref_image_opt',
  });
}

/**
 * Pastes the parts in order into NHWC `image`: their own pictures, or the same places of `reference`. `feather` blurs the masks,
 * `alpha` (0..255) weakens them.
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
  const strength = f(alpha / 255);
  return concatBatch(
    Array.from({ length: frames }, (_, i) =>
      matched.segs.reduce(
        (picture, seg) => {
          const source = reference ?? seg.croppedImage;
          if (!source) return picture;
          const frame = frameOf(source, i);
          const patch = reference ? cropImageRegion(frame, seg.cropRegion) : frame;
          if (patch.data.length === 0) return picture;
          const mask = map(
            gaussianBlurMask(frameMask(seg, i, frames), feather),
            (v) => v * strength,
          );
          return pasteMasked(
            picture,
            patch,
            { left: seg.cropRegion[0], top: seg.cropRegion[1] },
            mask,
          );
        },
        sliceBatch(image, i, i + 1),
      ),
    ),
  );
}
