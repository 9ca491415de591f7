// SEGSUpscaler (Impact Pack segs_upscaler.py): a picture enlarged, then every part of it sampled anew and pasted back.
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
import { inpaintConditioning } from '../../sampling/conditioning/inpaint.ts';
import { withDifferentialDiffusion } from '../../sampling/patches/differential-diffusion.ts';
import { sampleDenoise } from '../../sampling/runs/step-range.ts';
import type { Latent, SamplingHooks } from '../../sampling/sampling-types.ts';
import { clone, type Tensor } from '../../tensor/tensor.ts';
import { cropImageRegion } from '../crop-region.ts';
import { segsScaleMatch } from '../edit/scale-segs.ts';
import type { DenoiseSampler, DetailerHook } from '../hooks.ts';
import type { ControlNetWrapper, Seg, Segs } from '../segs.ts';

export interface EnlargeOptions {
  readonly factor: number;
  /** By way of a picture of eight times the size. */
  readonly supersample: boolean;
  /** Enlarges first; the result still has the picture's own size times `factor`. */
  readonly model?: UpscaleModel;
  readonly signal?: AbortSignal;
}

/** The picture at its size times the factor, through 8 bits and PIL's bicubic. Throws DR_INPUT_INVALID for a batch, as PIL can't take one. */
export async function enlargeImage(
  image: Tensor,
  { factor, supersample, model, signal }: EnlargeOptions,
): Promise<Tensor> {
  const [count, height, width] = image.shape;
  if (count !== 1)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the picture to upscale is a batch of ${count}`,
      hint: 'Give one picture: use ImageFromBatch, or a list (ImpactImageBatchToImageList).',
      input: 'image',
    });
  const start = model ? await model.upscale(image, { signal }) : image;
  const size = rescaledSize({ width, height }, factor);
  if (size.width < 1 || size.height < 1)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${width}x${height} times ${factor} leaves no pixel`,
      hint: 'Use a larger rescale_factor.',
      input: 'rescale_factor',
    });
  return resizeSupersampled(start, size, supersample);
}

export interface ResampleSettings extends Pick<SamplingHooks, 'signal' | 'warn' | 'onStep'> {
  readonly sampler: DenoiseSampler;
  readonly vae: Autoencoder;
  /** Blur of the mask inside which is sampled; above 0 the mask says from which step on a cell changes. */
  readonly noiseMaskFeather: number;
  /** The model is an inpainting model. */
  readonly inpaintModel: boolean;
}

/** One part [1,h,w,3] sampled anew inside of its mask, at its own size (img2img_segs). */
export async function resampleSegment(
  image: Tensor,
  mask: Tensor,
  control: ControlNetWrapper | undefined,
  o: ResampleSettings,
): Promise<Tensor> {
  const [, height, width] = image.shape;
  const uneven = height % 8 > 0 || width % 8 > 0;
  const scale = 8 / Math.min(height, width) + 1;
  const fitted = uneven
    ? tensorResize(image, { width: Math.trunc(width * scale), height: Math.trunc(height * scale) })
    : image;
  const noiseMask = gaussianBlurMask(mask, o.noiseMaskFeather);
  let { model, positive, negative } = o.sampler;
  if (o.noiseMaskFeather > 0 && !model.patches?.denoiseMask)
    model = withDifferentialDiffusion(model);
  if (control) ({ positive, negative } = control.apply(positive, negative, fitted, noiseMask));

  let latent: Latent;
  if (o.inpaintModel)
    ({ positive, negative, latent } = await inpaintConditioning({
      positive,
      negative,
      vae: o.vae,
      pixels: fitted,
      mask: noiseMask,
      noiseMask: true,
    }));
  else latent = { samples: await o.vae.encode(fitted), noise_mask: noiseMask };

  const { seed, steps, denoise } = o.sampler;
  const run = { seed, steps, denoise, latent, signal: o.signal, onStep: o.onStep, warn: o.warn };
  const { samples } = await sampleDenoise({ ...o.sampler, model, positive, negative }, run);
  const pixels = await o.vae.decode(samples);
  return pixels.shape[1] === height && pixels.shape[2] === width
    ? pixels
    : tensorResize(pixels, { width, height });
}

export interface SegsUpscaleSettings extends ResampleSettings {
  /** Blur of the mask that a part is pasted with. */
  readonly feather: number;
  readonly hook?: DetailerHook;
  /** After each part; nothing is sampled where the mask is empty. */
  readonly onSegment?: (done: number, total: number, sampled?: Tensor) => void;
}

/** The enlarged picture [1,H,W,3] with all parts sampled anew. The seed grows by one with each part, also with those whose mask is empty. */
export async function resampleSegs(
  enlarged: Tensor,
  segs: Segs,
  o: SegsUpscaleSettings,
): Promise<Tensor> {
  const parts = segsScaleMatch(segs, enlarged.shape).segs;
  let picture = clone(enlarged);
  for (const [i, seg] of parts.entries()) {
    const empty = seg.croppedMask.data.every((value) => value === 0);
    const sampled = empty ? undefined : await cropAndResample(picture, seg, i, o);
    if (sampled) {
      const [x1, y1] = seg.cropRegion;
      pasteMaskedInto(
        picture,
        sampled,
        { left: x1, top: y1 },
        gaussianBlurMask(toNHW(seg.croppedMask), o.feather),
      );
      if (o.hook?.postPaste) picture = clone(await o.hook.postPaste(picture));
    }
    o.onSegment?.(i + 1, parts.length, sampled);
  }
  return picture;
}

function cropAndResample(
  picture: Tensor,
  seg: Seg,
  index: number,
  o: SegsUpscaleSettings,
): Promise<Tensor> {
  const sampler = { ...o.sampler, seed: o.sampler.seed + BigInt(index) };
  return resampleSegment(
    cropImageRegion(picture, seg.cropRegion),
    toNHW(seg.croppedMask),
    seg.controlNetWrapper,
    { ...o, sampler },
  );
}
