// All parts of a picture drawn anew: pasted back one by one (Impact Pack impact_pack.py, DetailerForEach), or kept beside the picture as
// the parts' own pictures (segs_nodes.py, SEGSDetailer).
import { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
import { pasteMaskedInto } from '../../image/compose/paste.ts';
import { toNHW } from '../../image/mask/mask-shape.ts';
import { tensorResize } from '../../image/resize/impact-resize.ts';
import { withDifferentialDiffusion } from '../../sampling/patches/differential-diffusion.ts';
import { NO_NEGATIVE } from '../../sampling/runs/step-range.ts';
import type { Conditioning } from '../../sampling/sampling-types.ts';
import { clone, reshape, type Tensor } from '../../tensor/tensor.ts';
import type { SegmentOrder, SegmentPrompts } from '../../text/segment-prompts.ts';
import { cropConditionMask, cropImageRegion } from '../crop-region.ts';
import { segsScaleMatch } from '../edit/scale-segs.ts';
import type { Region, Seg, Segs } from '../segs.ts';
import { type EnhanceSettings, enhanceSegment } from './enhance-segment.ts';

export interface SegsDetailerSettings extends EnhanceSettings {
  /** Samples inside of the parts' masks only. */
  readonly noiseMask: boolean;
  /** Before each part (`done` of `total` are finished), and at the end. */
  readonly onSegment?: (done: number, total: number) => void;
}

export interface DetailerSettings extends SegsDetailerSettings {
  /** Blur of the masks that the parts are pasted with. */
  readonly feather: number;
  /** Texts for the parts, and the order in which they are worked on. */
  readonly prompts?: SegmentPrompts;
}

export interface DetailerResult {
  /** The picture with all parts pasted, [1,H,W,3]. */
  readonly image: Tensor;
  /** The parts before and after, and after with their masks as alpha; large ones first. */
  readonly cropped: readonly Tensor[];
  readonly enhanced: readonly Tensor[];
  readonly enhancedAlpha: readonly Tensor[];
  /** What the ControlNets saw. */
  readonly controlImages: readonly Tensor[];
  /** The parts that were looked at, in the order of the work, with what was drawn. */
  readonly segs: Segs;
}

const area = ([x1, y1, x2, y2]: Region): number => (x2 - x1) * (y2 - y1);
const fromLeft = (a: Region, b: Region): number => a[0] - b[0] || a[1] - b[1];

/** Orders that are sorted by; equal parts stay in their order either way. */
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

/** A prompt's masks cut to a part. */
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

/** The settings for a part: its prompts, its seed, the mask patch that all parts share. */
function segmentSettings<S extends EnhanceSettings>(
  o: S,
  image: Tensor,
  { cropRegion }: Seg,
  seed: bigint,
): S {
  const { positive, negative } = o.sampler;
  const cut = {
    positive: cropConditioning(positive, image, cropRegion),
    negative: cropConditioning(negative, image, cropRegion),
  };
  return { ...o, sampler: { ...o.sampler, ...cut, seed } };
}

function withMaskPatch<S extends EnhanceSettings>(o: S): S {
  const { model } = o.sampler;
  if (!(o.noiseMaskFeather > 0) || model.patches?.denoiseMask) return o;
  return { ...o, sampler: { ...o.sampler, model: withDifferentialDiffusion(model) } };
}

const largestFirst = (images: readonly Tensor[]): Tensor[] =>
  [...images].sort(({ shape: a }, { shape: b }) => {
    const axis = a.findIndex((size, i) => size !== b[i]);
    return axis < 0 ? 0 : b[axis] - a[axis];
  });

/** Three channels and the mask as the fourth. */
function withAlpha(image: Tensor, mask: Tensor): Tensor {
  const [n, h, w] = image.shape;
  const fitted = tensorResize(reshape(mask, [...mask.shape, 1]), { width: w, height: h }).data;
  const data = new Float32Array(n * h * w * 4);
  for (let i = 0; i < n * h * w; i++) {
    for (let c = 0; c < 3; c++) data[i * 4 + c] = image.data[i * 3 + c];
    data[i * 4 + 3] = fitted[i % fitted.length];
  }
  return { shape: [n, h, w, 4], data };
}

/** DetailerForEach: every part cut from the picture as it then is, drawn anew and pasted. The seed grows by one with each part. */
export async function detailForEach(
  picture: Tensor,
  segs: Segs,
  settings: DetailerSettings,
): Promise<DetailerResult> {
  const o = withMaskPatch(settings);
  const matched = segsScaleMatch(segs, picture.shape);
  const parts = sortedBy(matched.segs, o.prompts?.order);
  let image = clone(picture);
  const cropped: Tensor[] = [];
  const enhanced: Tensor[] = [];
  const enhancedAlpha: Tensor[] = [];
  const controlImages: Tensor[] = [];
  const done: Seg[] = [];
  for (const [i, seg] of parts.entries()) {
    o.onSegment?.(i, parts.length);
    if (isEmpty(seg.croppedMask)) continue;
    const { text, seed } = o.prompts?.next(seg.label) ?? {};
    if (text?.trim() === '[SKIP]') continue;
    if (text?.trim() === '[STOP]') break;
    const crop = cropImageRegion(image, seg.cropRegion);
    const detail = await enhanceSegment(
      {
        image: crop,
        mask: o.noiseMask ? seg.croppedMask : undefined,
        bbox: seg.bbox,
        control: seg.controlNetWrapper,
        text,
        concat: o.prompts?.concat,
      },
      segmentSettings(o, image, seg, seed ?? o.sampler.seed + BigInt(i)),
    );
    if (detail) {
      const mask = gaussianBlurMask(toNHW(seg.croppedMask), o.feather);
      controlImages.push(...detail.controlImages);
      pasteMaskedInto(
        image,
        detail.image,
        { left: seg.cropRegion[0], top: seg.cropRegion[1] },
        mask,
      );
      enhanced.push(detail.image);
      if (o.hook?.postPaste) image = clone(await o.hook.postPaste(image));
      enhancedAlpha.push(withAlpha(detail.image, mask));
    }
    cropped.push(crop);
    done.push({ ...seg, croppedImage: detail?.image });
  }
  o.onSegment?.(parts.length, parts.length);
  return {
    image,
    cropped: largestFirst(cropped),
    enhanced: largestFirst(enhanced),
    enhancedAlpha: largestFirst(enhancedAlpha),
    controlImages,
    segs: { ...matched, segs: done },
  };
}

/** SEGSDetailer: every part drawn anew `batch` times, the first with the seed plus one; the picture itself stays. */
export async function detailSegs(
  image: Tensor,
  segs: Segs,
  settings: SegsDetailerSettings,
  batch: number,
): Promise<{ readonly segs: Segs; readonly controlImages: readonly Tensor[] }> {
  const o = withMaskPatch(settings);
  const matched = segsScaleMatch(segs, image.shape);
  const controlImages: Tensor[] = [];
  const done: Seg[] = [];
  const total = batch * matched.segs.length;
  for (let i = 1; i <= batch; i++)
    for (const seg of matched.segs) {
      o.onSegment?.(done.length, total);
      if (isEmpty(seg.croppedMask)) {
        done.push(seg);
        continue;
      }
      const own = seg.croppedImage ?? cropImageRegion(image, seg.cropRegion);
      const part = {
        image: own,
        mask: o.noiseMask ? seg.croppedMask : undefined,
        bbox: seg.bbox,
        control: seg.controlNetWrapper,
      };
      const detail = await enhanceSegment(
        part,
        segmentSettings(o, image, seg, o.sampler.seed + BigInt(i)),
      );
      if (detail) controlImages.push(...detail.controlImages);
      done.push({ ...seg, croppedImage: detail?.image ?? own, controlNetWrapper: undefined });
    }
  o.onSegment?.(total, total);
  return { segs: { ...matched, segs: done }, controlImages };
}
