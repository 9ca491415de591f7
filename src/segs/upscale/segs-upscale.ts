// SEGSUpscaler (Impact Pack segs_upscaler.py): an image is enlarged, then each of its segments is
// sampled and pasted back.
import { DarkroomError } from '../../errors.ts';
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import { pasteMaskedInto } from '../../image/compose/paste.ts';
import { toNHW } from '../../image/mask/mask-shape.ts';
import {
  rescaledSize,
  resizeSupersampled,
  tensorResize,
} from '../../image/resize/impact-resize.ts';
import type { UpscaleModel } from '../../models/upscaler/load.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { sampleDenoise } from '../../sampling/runs/step-range.ts';
import type { SamplingHooks } from '../../sampling/sampling-types.ts';
import { clone, type Tensor } from '../../tensor/tensor.ts';
import { cropImageRegion } from '../crop-region.ts';
import { encodeMasked, withNoiseMaskFeather } from '../detail/masked-latent.ts';
import { segsScaleMatch } from '../edit/scale-segs.ts';
import type { DenoiseSampler, DetailerHook } from '../hooks.ts';
import type { ControlNetWrapper, Seg, Segs } from '../segs.ts';

export interface EnlargeOptions {
  readonly factor: number;
  /** Resizes to eight times the size first. */
  readonly supersample: boolean;
  /** Applied first; the result still has the image's own size times `factor`. */
  readonly model?: UpscaleModel;
  readonly signal?: AbortSignal;
}

/**
 * Enlarges an image [1,H,W,3] by the factor, through 8 bits and PIL's bicubic filter. Throws
 * DR_INPUT_INVALID for a batch, which PIL does not support, and for a result without pixels.
 */
export async function enlargeImage(
  image: Tensor,
  { factor, supersample, model, signal }: EnlargeOptions,
): Promise<Tensor> {
  const [count, height, width] = image.shape;
  if (count !== 1)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the upscaler needs a single image, got a batch of ${count}`,
      hint: 'Select one image with ImageFromBatch, or use a list (ImpactImageBatchToImageList).',
      input: 'image',
    });
  const start = model ? await model.upscale(image, { signal }) : image;
  const size = rescaledSize({ width, height }, factor);
  if (size.width < 1 || size.height < 1)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `an image of ${width}x${height} has no pixels when scaled by ${factor}`,
      hint: 'Use a larger rescale_factor.',
      input: 'rescale_factor',
    });
  return resizeSupersampled(start, size, supersample);
}

export interface ResampleSettings extends SamplingHooks {
  readonly sampler: DenoiseSampler;
  readonly vae: Autoencoder;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   */
  readonly noiseMaskFeather: number;
  /** The model is an inpainting model. */
  readonly inpaintModel: boolean;
}

/** Resizes an image whose sides are not multiples of 8, so that it is slightly larger. */
function padToLatentSize(image: Tensor): Tensor {
  const [, height, width] = image.shape;
  if (height % 8 === 0 && width % 8 === 0) return image;
  const scale = 8 / Math.min(height, width) + 1;
  return tensorResize(image, {
    width: Math.trunc(width * scale),
    height: Math.trunc(height * scale),
  });
}

/** Samples one segment's image [1,h,w,3] inside its mask, at its own size (img2img_segs). */
export async function resampleSegment(
  image: Tensor,
  mask: Tensor,
  controlNetWrapper: ControlNetWrapper | undefined,
  settings: ResampleSettings,
): Promise<Tensor> {
  const { vae, inpaintModel, noiseMaskFeather, rules, signal, onStep, warn } = settings;
  const [, height, width] = image.shape;
  const pixels = padToLatentSize(image);
  const noiseMask = gaussianBlurMask(mask, noiseMaskFeather);
  let sampler = {
    ...settings.sampler,
    model: withNoiseMaskFeather(settings.sampler.model, noiseMaskFeather),
  };
  if (controlNetWrapper) {
    const { positive, negative } = sampler;
    const controlled = controlNetWrapper.apply(positive, negative, pixels, noiseMask);
    sampler = { ...sampler, positive: controlled.positive, negative: controlled.negative };
  }
  const { latent, ...conditioning } = await encodeMasked(pixels, noiseMask, sampler, {
    vae,
    inpaintModel,
  });
  const { seed, steps, denoise } = sampler;
  const { samples } = await sampleDenoise(
    { ...sampler, ...conditioning },
    { seed, steps, denoise, latent, rules, signal, onStep, warn },
  );
  const decoded = await vae.decode(samples);
  return decoded.shape[1] === height && decoded.shape[2] === width
    ? decoded
    : tensorResize(decoded, { width, height });
}

export interface SegsUpscaleSettings extends ResampleSettings {
  /** Blur of the masks that the segments are pasted with. */
  readonly feather: number;
  readonly hook?: DetailerHook;
  /** Called after each segment; `sampled` is absent for an empty mask. */
  readonly onSegment?: (done: number, total: number, sampled?: Tensor) => void;
}

/**
 * Samples all segments of an enlarged image [1,H,W,3] and pastes them back. The seed grows by one
 * with each segment, those with an empty mask included. Throws what segsScaleMatch throws.
 */
export async function resampleSegs(
  enlarged: Tensor,
  segs: Segs,
  settings: SegsUpscaleSettings,
): Promise<Tensor> {
  const { feather, hook, onSegment } = settings;
  const segments = segsScaleMatch(segs, enlarged.shape).segs;
  let image = clone(enlarged);
  for (const [i, seg] of segments.entries()) {
    const isEmpty = seg.croppedMask.data.every((value) => value === 0);
    const sampled = isEmpty ? undefined : await cropAndResample(image, seg, i, settings);
    if (sampled) {
      const [left, top] = seg.cropRegion;
      const mask = gaussianBlurMask(toNHW(seg.croppedMask), feather);
      pasteMaskedInto(image, sampled, { left, top }, mask);
      if (hook?.postPaste) image = clone(await hook.postPaste(image));
    }
    onSegment?.(i + 1, segments.length, sampled);
  }
  return image;
}

function cropAndResample(
  image: Tensor,
  seg: Seg,
  index: number,
  settings: SegsUpscaleSettings,
): Promise<Tensor> {
  const sampler = { ...settings.sampler, seed: settings.sampler.seed + BigInt(index) };
  return resampleSegment(
    cropImageRegion(image, seg.cropRegion),
    toNHW(seg.croppedMask),
    seg.controlNetWrapper,
    { ...settings, sampler },
  );
}
