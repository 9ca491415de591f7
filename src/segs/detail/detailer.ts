// Samples all segments of an image again at a larger size: pasted back one by one (Impact Pack
// impact_pack.py, DetailerForEach), or as the segments' own images (segs_nodes.py, SEGSDetailer).
import { DarkroomError } from '../../errors.ts';
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import { pasteMaskedInto } from '../../image/compose/paste.ts';
import { toNHW } from '../../image/mask/mask-shape.ts';
import { tensorResize } from '../../image/resize/impact-resize.ts';
import { NO_NEGATIVE } from '../../sampling/runs/step-range.ts';
import type { Conditioning } from '../../sampling/sampling-types.ts';
import { allocate } from '../../tensor/allocate.ts';
import { clone, reshape, type Tensor } from '../../tensor/tensor.ts';
import type { SegmentOrder, SegmentPrompts } from '../../text/segment-prompts.ts';
import { cropConditionMask, cropImageRegion } from '../crop-region.ts';
import { segsScaleMatch } from '../edit/scale-segs.ts';
import type { Region, Seg, Segs } from '../segs.ts';
import {
  type EnhancedSegment,
  type EnhanceInput,
  type EnhanceSettings,
  enhanceSegment,
} from './enhance-segment.ts';
import { withNoiseMaskFeather } from './masked-latent.ts';

export interface SegsDetailerSettings extends EnhanceSettings {
  /** Samples only inside the segments' masks. */
  readonly noiseMask: boolean;
  /** Called before each segment, with the number of finished ones, and at the end. */
  readonly onSegment?: (done: number, total: number) => void;
}

export interface DetailerSettings extends SegsDetailerSettings {
  /** Blur of the masks that the segments are pasted with. */
  readonly feather: number;
  /** Prompts for the segments, and their order. */
  readonly prompts?: SegmentPrompts;
  /**
   * How many times a segment is sampled at most while the hook rejects it; the seed grows by one
   * each time. 1 by default, without asking the hook.
   */
  readonly attempts?: number;
}

export interface DetailerResult {
  /** The image with all segments pasted, [1,H,W,3]. */
  readonly image: Tensor;
  /** The segments' images before sampling, largest first. */
  readonly cropped: readonly Tensor[];
  /** The sampled images, largest first. */
  readonly enhanced: readonly Tensor[];
  /** The sampled images with their masks as alpha. */
  readonly enhancedAlpha: readonly Tensor[];
  /** The control images of the segments' ControlNets. */
  readonly controlImages: readonly Tensor[];
  /** The processed segments in their order, with the sampled images. */
  readonly segs: Segs;
}

const area = ([x1, y1, x2, y2]: Region): number => (x2 - x1) * (y2 - y1);
const fromLeft = (a: Region, b: Region): number => a[0] - b[0] || a[1] - b[1];

/** Comparisons of bboxes for the orders that sort; all sorts are stable. */
const ORDERS: Partial<Record<SegmentOrder, (a: Region, b: Region) => number>> = {
  ASC: fromLeft,
  DSC: (a, b) => fromLeft(b, a),
  'ASC-SIZE': (a, b) => area(a) - area(b),
  'DSC-SIZE': (a, b) => area(b) - area(a),
};

function sortedBy(segs: readonly Seg[], order: SegmentOrder | undefined): readonly Seg[] {
  const compare = order && ORDERS[order];
  return compare ? [...segs].sort((a, b) => compare(a.bbox, b.bbox)) : segs;
}

const isEmpty = ({ data }: Tensor): boolean => data.every((value) => value === 0);

/** Crops a conditioning's masks to a region of the image. */
const cropConditioning = (
  conditioning: Conditioning,
  image: Tensor,
  region: Region,
): Conditioning =>
  conditioning === NO_NEGATIVE
    ? conditioning
    : conditioning.map((entry) =>
        entry.mask ? { ...entry, mask: cropConditionMask(entry.mask, image, region) } : entry,
      );

/** The settings for one segment, with the prompts' masks cropped to it. */
function segmentSettings<S extends EnhanceSettings>(
  settings: S,
  image: Tensor,
  { cropRegion }: Seg,
  seed: bigint,
): S {
  const { sampler } = settings;
  return {
    ...settings,
    sampler: {
      ...sampler,
      positive: cropConditioning(sampler.positive, image, cropRegion),
      negative: cropConditioning(sampler.negative, image, cropRegion),
      seed,
    },
  };
}

/** Adds the patch for feathered noise masks once, so that all segments share it. */
function withSharedPatch<S extends EnhanceSettings>(settings: S): S {
  const { sampler, noiseMaskFeather } = settings;
  const model = withNoiseMaskFeather(sampler.model, noiseMaskFeather);
  return { ...settings, sampler: { ...sampler, model } };
}

/** Sorts by the first axis in which the sizes differ. */
const largestFirst = (images: readonly Tensor[]): Tensor[] =>
  [...images].sort(({ shape: a }, { shape: b }) => {
    const axis = a.findIndex((size, i) => size !== b[i]);
    return axis < 0 ? 0 : b[axis] - a[axis];
  });

/** Adds a mask, resized to the image [N,h,w,3], as the fourth channel. */
function withAlpha(image: Tensor, mask: Tensor): Tensor {
  const [n, h, w] = image.shape;
  const alpha = tensorResize(reshape(mask, [...mask.shape, 1]), { width: w, height: h }).data;
  const data = allocate(n * h * w * 4);
  for (let i = 0; i < n * h * w; i++) {
    for (let c = 0; c < 3; c++) data[i * 4 + c] = image.data[i * 3 + c];
    data[i * 4 + 3] = alpha[i % alpha.length];
  }
  return { shape: [n, h, w, 4], data };
}

/**
 * DetailerForEach: crops each segment from the image with the previous segments pasted, samples it
 * and pastes it back.
 * The seed grows by one with each segment. The prompts [SKIP] and [STOP] skip one segment and all
 * that remain. Throws what enhanceSegment and segsScaleMatch throw.
 */
export async function detailForEach(
  original: Tensor,
  segs: Segs,
  detailerSettings: DetailerSettings,
): Promise<DetailerResult> {
  const settings = withSharedPatch(detailerSettings);
  const { prompts, noiseMask, feather, hook, onSegment } = settings;
  const matched = segsScaleMatch(segs, original.shape);
  const ordered = sortedBy(matched.segs, prompts?.order);
  let image = clone(original);
  const cropped: Tensor[] = [];
  const enhanced: Tensor[] = [];
  const enhancedAlpha: Tensor[] = [];
  const controlImages: Tensor[] = [];
  const processed: Seg[] = [];
  for (const [i, seg] of ordered.entries()) {
    onSegment?.(i, ordered.length);
    if (isEmpty(seg.croppedMask)) continue;
    const { text, seed } = prompts?.next(seg.label) ?? {};
    if (text?.trim() === '[SKIP]') continue;
    if (text?.trim() === '[STOP]') break;
    const crop = cropImageRegion(image, seg.cropRegion);
    const result = await enhanceAccepted(
      { ...segmentInput(seg, crop, noiseMask), text, concat: prompts?.concat },
      segmentSettings(settings, image, seg, seed ?? settings.sampler.seed + BigInt(i)),
    );
    if (result) {
      const mask = gaussianBlurMask(toNHW(seg.croppedMask), feather);
      controlImages.push(...result.controlImages);
      const [left, top] = seg.cropRegion;
      pasteMaskedInto(image, result.image, { left, top }, mask);
      enhanced.push(result.image);
      if (hook?.postPaste) image = clone(await hook.postPaste(image));
      enhancedAlpha.push(withAlpha(result.image, mask));
    }
    cropped.push(crop);
    processed.push({ ...seg, croppedImage: result?.image });
  }
  onSegment?.(ordered.length, ordered.length);
  return {
    image,
    cropped: largestFirst(cropped),
    enhanced: largestFirst(enhanced),
    enhancedAlpha: largestFirst(enhancedAlpha),
    controlImages,
    segs: { ...matched, segs: processed },
  };
}

/**
 * Samples a segment until the hook accepts it. Throws DR_SAMPLING_FAILED when it rejects the
 * last attempt.
 */
async function enhanceAccepted(
  input: EnhanceInput,
  settings: DetailerSettings,
): Promise<EnhancedSegment | undefined> {
  const { attempts, hook, sampler } = settings;
  for (let attempt = 0; ; attempt++) {
    const seed = sampler.seed + BigInt(attempt);
    const result = await enhanceSegment(input, { ...settings, sampler: { ...sampler, seed } });
    if (!result || attempts === undefined || !hook?.shouldRetry?.(result.image)) return result;
    if (attempt + 1 >= attempts)
      throw new DarkroomError('DR_SAMPLING_FAILED', {
        message: `the hook rejects a segment after ${attempts} attempts`,
        hint: 'Raise max_retries, or use another seed, prompt or threshold of the hook.',
        input: 'max_retries',
      });
  }
}

const segmentInput = (seg: Seg, image: Tensor, noiseMask: boolean) => ({
  image,
  mask: noiseMask ? seg.croppedMask : undefined,
  bbox: seg.bbox,
  controlNetWrapper: seg.controlNetWrapper,
});

/**
 * SEGSDetailer: samples each segment `batch` times, the first time with the seed plus one, and
 * leaves the image itself unchanged. Throws what enhanceSegment and segsScaleMatch throw.
 */
export async function detailSegs(
  image: Tensor,
  segs: Segs,
  detailerSettings: SegsDetailerSettings,
  batch: number,
): Promise<{ readonly segs: Segs; readonly controlImages: readonly Tensor[] }> {
  const settings = withSharedPatch(detailerSettings);
  const { noiseMask, onSegment } = settings;
  const matched = segsScaleMatch(segs, image.shape);
  const controlImages: Tensor[] = [];
  const processed: Seg[] = [];
  const total = batch * matched.segs.length;
  for (let i = 1; i <= batch; i++)
    for (const seg of matched.segs) {
      onSegment?.(processed.length, total);
      if (isEmpty(seg.croppedMask)) {
        processed.push(seg);
        continue;
      }
      const croppedImage = seg.croppedImage ?? cropImageRegion(image, seg.cropRegion);
      const result = await enhanceSegment(
        segmentInput(seg, croppedImage, noiseMask),
        segmentSettings(settings, image, seg, settings.sampler.seed + BigInt(i)),
      );
      if (result) controlImages.push(...result.controlImages);
      processed.push({
        ...seg,
        croppedImage: result?.image ?? croppedImage,
        controlNetWrapper: undefined,
      });
    }
  onSegment?.(total, total);
  return { segs: { ...matched, segs: processed }, controlImages };
}
