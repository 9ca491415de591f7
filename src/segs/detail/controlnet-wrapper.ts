// ControlNets that are applied to a segment's image (Impact Pack core.py ControlNetWrapper,
// ControlNetAdvancedWrapper).
import { tensorResize } from '../../image/resize/impact-resize.ts';
import type { ControlNet } from '../../models/controlnet/controlnet.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { applyControl, applyControlToSides } from '../../sampling/conditioning/control.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { cropImageRegion } from '../crop-region.ts';
import type { ControlNetWrapper, Region } from '../segs.ts';

/** SEGS_PREPROCESSOR: makes a control image (edges, depth …) of a segment's image. */
export interface SegsPreprocessor {
  apply(image: Tensor, mask?: Tensor): Tensor;
}

export interface ControlNetSettings {
  readonly net: ControlNet;
  readonly strength: number;
  /**
   * Applies the net to both prompts, between these fractions of the denoising. Without a range, the
   * net is added to the positive prompt only and the sampler uses it for both.
   */
  readonly range?: { readonly start: number; readonly end: number };
  readonly preprocessor?: SegsPreprocessor;
  /** A control image of the whole image, which is cropped for each segment. */
  readonly image?: Tensor;
  /** For networks that take latents. */
  readonly vae?: Autoencoder;
  readonly previous?: ControlNetWrapper;
}

/** Returns the wrapper for the segment in `region` of an image of size [height, width]. */
export function wrapControlNet(
  { net, strength, range, preprocessor, image, vae, previous }: ControlNetSettings,
  [height, width]: readonly [number, number],
  region: Region,
): ControlNetWrapper {
  const cropped = image && cropImageRegion(tensorResize(image, { width, height }), region);
  return {
    image: cropped,
    apply(positive, negative, segmentImage, mask) {
      const before = previous?.apply(positive, negative, segmentImage, mask) ?? {
        positive,
        negative,
        images: [],
      };
      const hint = cropped ?? preprocessor?.apply(segmentImage, mask) ?? segmentImage;
      const images = [...before.images, hint];
      if (strength === 0) return { ...before, images };
      const control = {
        net,
        hint,
        strength,
        startPercent: range?.start ?? 0,
        endPercent: range?.end ?? 1,
        vae,
      };
      if (!range)
        return {
          positive: applyControl(before.positive, control),
          negative: before.negative,
          images,
        };
      const sides = applyControlToSides([before.positive, before.negative], control);
      return { positive: sides[0], negative: sides[1], images };
    },
  };
}
