// ControlNets that wait for the picture of a part (Impact Pack core.py ControlNetWrapper, ControlNetAdvancedWrapper).
import { tensorResize } from '../../image/resize/impact-resize.ts';
import type { ControlNet } from '../../models/controlnet/controlnet.ts';
import { applyControl, applyControlToSides } from '../../sampling/conditioning/control.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { cropImageRegion } from '../crop-region.ts';
import type { ControlNetWrapper, Region } from '../segs.ts';

/** SEGS_PREPROCESSOR: makes a hint (edges, depth …) of a part's picture. */
export interface SegsPreprocessor {
  apply(image: Tensor, mask?: Tensor): Tensor;
}

export interface ControlNetSettings {
  readonly net: ControlNet;
  readonly strength: number;
  /** Of both sides, from and to a fraction of the denoising; without it the positive side carries the net and the negative one follows. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly preprocessor?: SegsPreprocessor;
  /** A hint for the whole picture, cut for each part, instead of the part itself. */
  readonly image?: Tensor;
  readonly previous?: ControlNetWrapper;
}

/** The wrapper of a part whose SEGS are of a picture of `size` [height, width]. */
export function wrapControlNet(
  { net, strength, range, preprocessor, image, previous }: ControlNetSettings,
  size: readonly [number, number],
  region: Region,
): ControlNetWrapper {
  const own =
    image && cropImageRegion(tensorResize(image, { width: size[1], height: size[0] }), region);
  return {
    image: own,
    apply(positive, negative, part, mask) {
      const before = previous?.apply(positive, negative, part, mask) ?? {
        positive,
        negative,
        images: [],
      };
      const hint = own ?? preprocessor?.apply(part, mask) ?? part;
      const images = [...before.images, hint];
      if (strength === 0) return { ...before, images };
      const control = {
        net,
        hint,
        strength,
        startPercent: range?.start ?? 0,
        endPercent: range?.end ?? 1,
      };
      if (!range)
        return {
          positive: applyControl(before.positive, control),
          negative: before.negative,
          images,
        };
      const [both, other] = applyControlToSides([before.positive, before.negative], control);
      return { positive: both, negative: other, images };
    },
  };
}
