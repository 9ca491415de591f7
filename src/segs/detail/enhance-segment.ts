// One part of a picture drawn anew at a larger size (Impact Pack core.py, enhance_detail).
import { DarkroomError } from '../../errors.ts';
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import type { Size } from '../../image/geometry.ts';
import { tensorResize } from '../../image/resize/impact-resize.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { inpaintConditioning } from '../../sampling/conditioning/inpaint.ts';
import { concatConditioning } from '../../sampling/conditioning/operations.ts';
import { withDifferentialDiffusion } from '../../sampling/patches/differential-diffusion.ts';
import { type Refiner, sampleRefined } from '../../sampling/runs/refined.ts';
import type { Conditioning, Latent, Model, SamplingHooks } from '../../sampling/sampling-types.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DenoiseSampler, DetailerHook } from '../hooks.ts';
import type { ControlNetWrapper, Region } from '../segs.ts';

/** Makes a prompt of a text with wildcards and LoRAs, and the model with these (process_with_loras). */
export type SegmentPromptEncoder = (
  text: string,
  model: Model,
  seed: bigint,
) => Promise<{ readonly model: Model; readonly positive: Conditioning }>;

export interface EnhanceSettings extends Pick<SamplingHooks, 'signal' | 'warn' | 'onStep'> {
  readonly sampler: DenoiseSampler;
  readonly vae: Autoencoder;
  /** What the shorter side becomes: of the bbox, or of the part with its surroundings. */
  readonly guideSize: number;
  readonly guideSizeForBbox: boolean;
  /** The longer side becomes no more. */
  readonly maxSize: number;
  /** Draws anew at its own size what is large enough already. */
  readonly forceInpaint: boolean;
  /** How often it is sampled, one after the other; the seed grows by one each time. */
  readonly cycle: number;
  readonly inpaintModel: boolean;
  /** Blur of the mask inside which is sampled; above 0 the mask says from which step on a cell changes. */
  readonly noiseMaskFeather: number;
  readonly hook?: DetailerHook;
  readonly refiner?: Refiner;
  readonly prompt?: SegmentPromptEncoder;
}

export interface EnhanceInput {
  /** [1,h,w,3] */
  readonly image: Tensor;
  /** Samples inside of it only, [h,w]. */
  readonly mask?: Tensor;
  readonly bbox: Region;
  readonly control?: ControlNetWrapper;
  /** A prompt for this part; added to the positive one, or in its place. */
  readonly text?: string;
  readonly concat?: boolean;
}

export interface EnhancedSegment {
  /** [1,h,w,3] */
  readonly image: Tensor;
  /** What the part's ControlNets saw. */
  readonly controlImages: readonly Tensor[];
}

/** The size a part is drawn at; undefined where it is left as it is. */
export function enhancedSize(
  { width, height }: Size,
  [x1, y1, x2, y2]: Region,
  o: EnhanceSettings,
): Size | undefined {
  const { guideSize, maxSize, forceInpaint } = o;
  const [bboxWidth, bboxHeight] = [x2 - x1, y2 - y1];
  if (!forceInpaint && bboxHeight >= guideSize && bboxWidth >= guideSize) return undefined;
  let upscale =
    guideSize / (o.guideSizeForBbox ? Math.min(bboxWidth, bboxHeight) : Math.min(width, height));
  const scaled = (): Size => ({
    width: Math.trunc(width * upscale),
    height: Math.trunc(height * upscale),
  });
  let size = scaled();
  if (size.width > maxSize || size.height > maxSize) {
    upscale *= maxSize / Math.max(size.width, size.height);
    size = scaled();
  }
  if (upscale > 1 && size.width > 0 && size.height > 0) return size;
  return forceInpaint ? { width, height } : undefined;
}

/** The part drawn anew, at its own size again; undefined where it is left as it is. Throws DR_INPUT_INVALID for a part without size. */
export async function enhanceSegment(
  part: EnhanceInput,
  o: EnhanceSettings,
): Promise<EnhancedSegment | undefined> {
  const { sampler, vae, hook, noiseMaskFeather } = o;
  const [, height, width] = part.image.shape;
  if (width === 0 || height === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'a part lies outside of the picture',
      hint: 'Use SEGS that were made for this picture.',
      input: 'segs',
    });
  const noiseMask = part.mask && gaussianBlurMask(part.mask, noiseMaskFeather);
  let { model, positive, negative } = sampler;
  if (noiseMask && noiseMaskFeather > 0 && !model.patches?.denoiseMask)
    model = withDifferentialDiffusion(model);
  const fitted = enhancedSize({ width, height }, part.bbox, o);
  if (!fitted) return undefined;
  if (part.text)
    ({ model, positive } = await applySegmentPrompt(
      part.text,
      part.concat === true,
      { ...sampler, model, positive },
      o.prompt,
    ));
  const [w, h] = hook?.touchScaledSize?.(fitted.width, fitted.height) ?? [
    fitted.width,
    fitted.height,
  ];
  const image = tensorResize(part.image, { width: w, height: h });

  let controlImages: readonly Tensor[] = [];
  if (part.control)
    ({
      positive,
      negative,
      images: controlImages,
    } = part.control.apply(positive, negative, image, noiseMask));
  let latent: Latent;
  if (noiseMask && o.inpaintModel)
    ({ positive, negative, latent } = await inpaintConditioning({
      positive,
      negative,
      vae,
      pixels: image,
      mask: noiseMask,
      noiseMask: true,
    }));
  else latent = { samples: await vae.encode(image), ...(noiseMask && { noise_mask: noiseMask }) };

  const before = { current: 0, total: 0, signal: o.signal, warn: o.warn };
  if (hook?.postEncode) latent = await hook.postEncode(latent, before);
  const last = await sampleCycles({ ...sampler, model, positive, negative }, latent, o);
  const iteration = { ...before, current: o.cycle - 1, total: o.cycle };
  const ready = (await hook?.preDecode?.(last, iteration)) ?? last;
  const decoded = await decode(vae, ready.samples);
  const pixels = (await hook?.postDecode?.(decoded, iteration)) ?? decoded;
  return { image: tensorResize(pixels, { width, height }), controlImages };
}

/** The model with the text's LoRAs, and the text's prompt. As in the original only its first entry counts when it replaces the positive one. */
async function applySegmentPrompt(
  text: string,
  concat: boolean,
  { model, positive, seed }: DenoiseSampler,
  prompt?: SegmentPromptEncoder,
): Promise<{ model: Model; positive: Conditioning }> {
  if (!prompt) throw new Error('internal: a text for a part without what makes a prompt of it');
  const made = await prompt(text, model, seed);
  return {
    model: made.model,
    positive: concat ? concatConditioning(positive, made.positive) : made.positive.slice(0, 1),
  };
}

async function sampleCycles(
  sampler: DenoiseSampler,
  encoded: Latent,
  o: EnhanceSettings,
): Promise<Latent> {
  const { cycle, hook, refiner, signal, onStep, warn } = o;
  let latent = encoded;
  for (let current = 0; current < cycle; current++) {
    const iteration = { current, total: cycle, signal, warn };
    latent = (await hook?.cycleLatent?.(latent, iteration)) ?? latent;
    const seed = sampler.seed + BigInt(current);
    const chosen = (await hook?.preSample?.({ ...sampler, seed }, encoded, iteration)) ?? {
      ...sampler,
      seed,
    };
    const noise = hook?.customNoise?.(seed, encoded.samples.shape);
    const { steps, denoise } = chosen;
    latent = await sampleRefined(
      chosen,
      { seed: chosen.seed, steps, denoise, latent, noise, signal, onStep, warn },
      refiner,
    );
  }
  return latent;
}

/** Pixels of a latent; in tiles where memory is too short for the whole. */
async function decode(vae: Autoencoder, samples: Tensor): Promise<Tensor> {
  try {
    return await vae.decode(samples);
  } catch (error) {
    if (!(error instanceof DarkroomError) || error.code !== 'DR_OUT_OF_MEMORY') throw error;
    return vae.decode(samples, { tile: 64, overlap: 16 });
  }
}
