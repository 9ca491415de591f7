// Samples one segment of an image again at a larger size (Impact Pack core.py, enhance_detail).
import { DarkroomError } from '../../errors.ts';
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import type { Size } from '../../image/geometry.ts';
import { tensorResize } from '../../image/resize/impact-resize.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { concatConditioning } from '../../sampling/conditioning/operations.ts';
import { type Refiner, sampleRefined } from '../../sampling/runs/refined.ts';
import type { Conditioning, Latent, Model, SamplingHooks } from '../../sampling/sampling-types.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DenoiseSampler, DetailerHook } from '../hooks.ts';
import type { ControlNetWrapper, Region } from '../segs.ts';
import { decodePixels } from '../upscale/scale-on-pixels.ts';
import { encodeMasked, withNoiseMaskFeather } from './masked-latent.ts';

/** Encodes a text with wildcards and LoRAs, and applies the LoRAs (process_with_loras). */
export type SegmentPromptEncoder = (
  text: string,
  model: Model,
  seed: bigint,
) => Promise<{ readonly model: Model; readonly positive: Conditioning }>;

export interface EnhanceSettings extends SamplingHooks {
  readonly sampler: DenoiseSampler;
  readonly vae: Autoencoder;
  /** The length that the shorter side is scaled to. */
  readonly guideSize: number;
  /** The shorter side is that of the bbox; otherwise that of the crop region. */
  readonly guideSizeForBbox: boolean;
  /** Maximum of the longer side. */
  readonly maxSize: number;
  /** Also samples segments that are large enough already, at their own size. */
  readonly forceInpaint: boolean;
  /** How many times the segment is sampled in a row; the seed grows by one each time. */
  readonly cycle: number;
  readonly inpaintModel: boolean;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   */
  readonly noiseMaskFeather: number;
  /** Encodes segments in tiles. */
  readonly tiledEncode?: boolean;
  /** Decodes segments in tiles; otherwise only where there is not enough memory. */
  readonly tiledDecode?: boolean;
  readonly hook?: DetailerHook;
  readonly refiner?: Refiner;
  /** Required if segments have prompts of their own. */
  readonly encodePrompt?: SegmentPromptEncoder;
}

/** The segment as it is cropped from the image. */
export interface EnhanceInput {
  /** [1,h,w,3] */
  readonly image: Tensor;
  /** The noise mask, [h,w]; without it the whole segment is sampled. */
  readonly mask?: Tensor;
  readonly bbox: Region;
  readonly controlNetWrapper?: ControlNetWrapper;
  /** A prompt for this segment, which replaces the positive one. */
  readonly text?: string;
  /** Appends the prompt to the positive one instead. */
  readonly concat?: boolean;
}

export interface EnhancedSegment {
  /** [1,h,w,3] */
  readonly image: Tensor;
  /** The control images of the segment's ControlNets. */
  readonly controlImages: readonly Tensor[];
}

/** Side of the VAE's tiles in pixels. */
const TILE = 512;

/** Returns the size at which a segment is sampled; undefined if it is not sampled. */
export function enhancedSize(
  { width, height }: Size,
  [x1, y1, x2, y2]: Region,
  { guideSize, guideSizeForBbox, maxSize, forceInpaint }: EnhanceSettings,
): Size | undefined {
  const [bboxWidth, bboxHeight] = [x2 - x1, y2 - y1];
  if (!forceInpaint && bboxHeight >= guideSize && bboxWidth >= guideSize) return undefined;
  let upscale =
    guideSize / (guideSizeForBbox ? Math.min(bboxWidth, bboxHeight) : Math.min(width, height));
  const scaledSize = (): Size => ({
    width: Math.trunc(width * upscale),
    height: Math.trunc(height * upscale),
  });
  let size = scaledSize();
  if (size.width > maxSize || size.height > maxSize) {
    upscale *= maxSize / Math.max(size.width, size.height);
    size = scaledSize();
  }
  if (upscale > 1 && size.width > 0 && size.height > 0) return size;
  return forceInpaint ? { width, height } : undefined;
}

/**
 * Samples the segment at the enhanced size and resizes the result to its own size; undefined if it
 * is not sampled. Throws DR_INPUT_INVALID for a segment without pixels.
 */
export async function enhanceSegment(
  input: EnhanceInput,
  settings: EnhanceSettings,
): Promise<EnhancedSegment | undefined> {
  const { image, mask, bbox, controlNetWrapper } = input;
  const { vae, hook, noiseMaskFeather, inpaintModel, rules, signal, warn } = settings;
  const [, height, width] = image.shape;
  if (width === 0 || height === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'a segment is outside the image',
      hint: 'Use SEGS that were made for this image.',
      input: 'segs',
    });
  const size = enhancedSize({ width, height }, bbox, settings);
  if (!size) return undefined;
  const noiseMask = mask && gaussianBlurMask(mask, noiseMaskFeather);
  const [w, h] = hook?.touchScaledSize?.(size.width, size.height) ?? [size.width, size.height];
  const pixels = tensorResize(image, { width: w, height: h });

  let sampler = await segmentSampler(input, settings);
  let controlImages: readonly Tensor[] = [];
  if (controlNetWrapper) {
    const { positive, negative } = sampler;
    const { images, ...controlled } = controlNetWrapper.apply(
      positive,
      negative,
      pixels,
      noiseMask,
    );
    sampler = { ...sampler, ...controlled };
    controlImages = images;
  }
  let { latent, ...conditioning } = await encodeMasked(pixels, noiseMask, sampler, {
    vae,
    inpaintModel,
    tile: settings.tiledEncode ? TILE : undefined,
  });
  sampler = { ...sampler, ...conditioning };
  if (hook?.postEncode)
    latent = await hook.postEncode(latent, { current: 0, total: 0, rules, signal, warn });
  const sampled = await sampleCycles(sampler, latent, settings);
  const decoded = await decodeSegment(sampled, vae, settings);
  return { image: tensorResize(decoded, { width, height }), controlImages };
}

/** The sampler with the feathered noise mask's model patch and the segment's own prompt. */
async function segmentSampler(
  { mask, text, concat = false }: EnhanceInput,
  { sampler, noiseMaskFeather, encodePrompt }: EnhanceSettings,
): Promise<DenoiseSampler> {
  const model = mask ? withNoiseMaskFeather(sampler.model, noiseMaskFeather) : sampler.model;
  if (!text) return { ...sampler, model };
  if (!encodePrompt) throw new Error('internal: a segment prompt needs an encoder');
  const encoded = await encodePrompt(text, model, sampler.seed);
  return {
    ...sampler,
    model: encoded.model,
    // as in the original, only the first entry is used if it replaces the positive prompt
    positive: concat
      ? concatConditioning(sampler.positive, encoded.positive)
      : encoded.positive.slice(0, 1),
  };
}

/** Samples the latent once for each cycle, starting from the result of the previous one. */
async function sampleCycles(
  sampler: DenoiseSampler,
  encoded: Latent,
  settings: EnhanceSettings,
): Promise<Latent> {
  const { cycle, hook, refiner, rules, signal, onStep, warn } = settings;
  let latent = encoded;
  for (let current = 0; current < cycle; current++) {
    const iteration = { current, total: cycle, rules, signal, warn };
    latent = (await hook?.cycleLatent?.(latent, iteration)) ?? latent;
    const seed = sampler.seed + BigInt(current);
    const cycleSampler = { ...sampler, seed };
    const changed = (await hook?.preSample?.(cycleSampler, encoded, iteration)) ?? cycleSampler;
    const hooked = { ...changed, configuredSampler: hook?.customSampler };
    const noise = hook?.customNoise?.(seed, encoded.samples.shape);
    const { steps, denoise } = hooked;
    latent = await sampleRefined(
      hooked,
      { seed: hooked.seed, steps, denoise, latent, noise, rules, signal, onStep, warn },
      refiner,
    );
  }
  return latent;
}

/** Decodes the sampled latent, with the hook's functions before and after. */
async function decodeSegment(
  latent: Latent,
  vae: Autoencoder,
  { cycle, hook, tiledDecode, rules, signal, warn }: EnhanceSettings,
): Promise<Tensor> {
  const iteration = { current: cycle - 1, total: cycle, rules, signal, warn };
  const hooked = (await hook?.preDecode?.(latent, iteration)) ?? latent;
  const pixels = tiledDecode
    ? await decodePixels(vae, hooked, TILE)
    : await decode(vae, hooked.samples);
  return (await hook?.postDecode?.(pixels, iteration)) ?? pixels;
}

/** Decodes a latent, in tiles if there is not enough memory for the whole. */
async function decode(vae: Autoencoder, samples: Tensor): Promise<Tensor> {
  try {
    return await vae.decode(samples);
  } catch (error) {
    if (!(error instanceof DarkroomError) || error.code !== 'DR_OUT_OF_MEMORY') throw error;
    return vae.decode(samples, { tile: 64, overlap: 16 });
  }
}
