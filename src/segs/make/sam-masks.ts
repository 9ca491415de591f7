// Masks that Segment Anything predicts for SEGS (Impact Pack, core.py: make_sam_mask and
// make_sam_mask_segmented).
import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import { squeezeMask } from '../../image/mask/mask-shape.ts';
import { copyOf } from '../../tensor/allocate.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Region, Seg, Segs } from '../segs.ts';

type Point = readonly [x: number, y: number];

/** 1 for a point of the object, 0 for a point outside it. */
type PointLabel = 0 | 1;

/** Predicts masks [H,W] of the object at labelled points and in a box. */
export interface MaskPredictor {
  predict(
    image: Tensor,
    points: readonly Point[],
    labels: readonly PointLabel[],
    bbox: Region | undefined,
    threshold: number,
  ): Promise<readonly Tensor[]>;
}

export interface SamOptions {
  readonly hint: DetectionHint;
  readonly dilation: number;
  /** Minimum score of a mask, 0..1. */
  readonly threshold: number;
  /** Pixels by which the boxes grow on each side. */
  readonly bboxExpansion: number;
  /** Values of a segment's mask above this become points (mask-area). */
  readonly maskHintThreshold: number;
  readonly negative: NegativeHint;
}

interface PointPrompt {
  readonly points: readonly Point[];
  readonly labels: readonly PointLabel[];
}

/** Spelled as in the original. */
export const NEGATIVE_HINTS = ['False', 'Small', 'Outter'] as const;
export type NegativeHint = (typeof NEGATIVE_HINTS)[number];

type PointPlacement = (box: Region, center: Point) => readonly Point[];

/** The two positions that divide an interval into three equal parts. */
const thirds = (from: number, to: number): readonly [number, number] => [
  from + (to - from) / 3,
  from + ((to - from) / 3) * 2,
];
const centerPoint: PointPlacement = (_, center) => [center];
const horizontalPair: PointPlacement = ([x1, , x2], [, y]) =>
  thirds(x1, x2).map((x) => [x, y] as const);
const verticalPair: PointPlacement = ([, y1, , y2], [x]) =>
  thirds(y1, y2).map((y) => [x, y] as const);
const innerCorners: PointPlacement = ([x1, y1, x2, y2]) =>
  thirds(y1, y2).flatMap((y) => thirds(x1, x2).map((x) => [x, y] as const));

/** The points of each hint in a box; undefined where they come from masks instead. */
const POINT_PLACEMENTS = {
  'center-1': centerPoint,
  'horizontal-2': horizontalPair,
  'vertical-2': verticalPair,
  'rect-4': (box: Region, center: Point) => [
    ...horizontalPair(box, center),
    ...verticalPair(box, center),
  ],
  'diamond-4': innerCorners,
  'mask-area': undefined,
  'mask-points': undefined,
  'mask-point-bbox': centerPoint,
  none: () => [],
} satisfies Record<string, PointPlacement | undefined>;

export type DetectionHint = keyof typeof POINT_PLACEMENTS;
export const DETECTION_HINTS = Object.keys(POINT_PLACEMENTS) as DetectionHint[];

const centerOf = ([x1, y1, x2, y2]: Region): Point => [x1 + (x2 - x1) / 2, y1 + (y2 - y1) / 2];

/** Distance of grid points on a side of `length`. */
const gridStep = (length: number): number => Math.max(3, Math.trunc(length / 20));

/**
 * Grid points where a segment's mask is above the threshold, labelled 1; with `withNegative` also
 * those where it is 0, labelled 0.
 */
function pointsInMask(
  { croppedMask, cropRegion: [left, top] }: Seg,
  threshold: number,
  withNegative: boolean,
): PointPrompt {
  const { shape, data } = squeezeMask(croppedMask);
  const [height, width] = shape;
  const points: Point[] = [];
  const labels: PointLabel[] = [];
  for (let y = 0; y < height; y += gridStep(height))
    for (let x = 0; x < width; x += gridStep(width)) {
      const value = data[y * width + x];
      const isPositive = value > threshold;
      if (!isPositive && !(withNegative && value === 0)) continue;
      points.push([left + x, top + y]);
      labels.push(isPositive ? 1 : 0);
    }
  return { points, labels };
}

/** Grid points outside a region. As in the original, the image's height and width are swapped. */
function pointsOutside(height: number, width: number, [x1, y1, x2, y2]: Region): Point[] {
  const points: Point[] = [];
  for (let y = 10; y < width - 10; y += gridStep(height))
    for (let x = 10; x < height - 10; x += gridStep(width))
      if (!(x1 - 10 <= x && x <= x2 + 10 && y1 - 10 <= y && y <= y2 + 10)) points.push([x, y]);
  return points;
}

/** Returns the labelled points for one segment. */
function promptOf(seg: Seg, [height, width]: readonly number[], options: SamOptions): PointPrompt {
  const placement: PointPlacement | undefined = POINT_PLACEMENTS[options.hint];
  let prompt: PointPrompt;
  if (placement) {
    const points = placement(expandedBox(seg.bbox, height, width, options), centerOf(seg.bbox));
    prompt = { points, labels: points.map(() => 1) };
  } else prompt = pointsInMask(seg, options.maskHintThreshold, options.negative === 'Small');
  if (options.negative !== 'Outter') return prompt;
  const outside = pointsOutside(height, width, seg.cropRegion);
  return {
    points: [...prompt.points, ...outside],
    labels: [...prompt.labels, ...outside.map((): PointLabel => 0)],
  };
}

const expandedBox = (
  [x1, y1, x2, y2]: Region,
  height: number,
  width: number,
  { bboxExpansion }: SamOptions,
): Region => [
  Math.max(x1 - bboxExpansion, 0),
  Math.max(y1 - bboxExpansion, 0),
  Math.min(x2 + bboxExpansion, width),
  Math.min(y2 + bboxExpansion, height),
];

/** mask-points: one prediction from the centres of all segments; small boxes can be negative. */
function predictFromCenters(
  sam: MaskPredictor,
  { segs }: Segs,
  image: Tensor,
  options: SamOptions,
): Promise<readonly Tensor[]> {
  const labels = segs.map(
    ({ bbox }): PointLabel => (options.negative === 'Small' && bbox[2] - bbox[0] < 10 ? 0 : 1),
  );
  const points = segs.map(({ bbox }) => centerOf(bbox));
  return sam.predict(image, points, labels, undefined, options.threshold);
}

/** All masks of all segments, up to three for each; with mask-points those of one prediction. */
async function predictMasks(
  sam: MaskPredictor,
  segs: Segs,
  image: Tensor,
  options: SamOptions,
): Promise<readonly Tensor[]> {
  if (options.hint === 'mask-points') return predictFromCenters(sam, segs, image, options);
  const [, height, width] = image.shape;
  const masks: Tensor[] = [];
  for (const seg of segs.segs) {
    const box = expandedBox(seg.bbox, height, width, options);
    const { points, labels } = promptOf(seg, [height, width], options);
    masks.push(...(await sam.predict(image, points, labels, box, options.threshold)));
  }
  return masks;
}

const union = (masks: readonly Tensor[]): Float32Array => {
  const data = copyOf(masks[0].data);
  for (const mask of masks.slice(1))
    for (let i = 0; i < data.length; i++) if (mask.data[i] > 0) data[i] = 1;
  return data;
};

/** Consecutive masks that the original combines, whichever segments they belong to. */
const GROUP_SIZE = 3;

/**
 * The masks that Segment Anything predicts for SEGS in an image [1,H,W,3]: all combined and
 * dilated, [1,H,W], and in groups of three, [n,1,H,W] (undefined if there are none).
 */
export async function samMasks(
  sam: MaskPredictor,
  segs: Segs,
  image: Tensor,
  options: SamOptions,
): Promise<{ readonly combined: Tensor; readonly batch: Tensor | undefined }> {
  const [, height, width] = image.shape;
  const masks = await predictMasks(sam, segs, image, options);
  if (masks.length === 0) return { combined: zeros([1, height, width]), batch: undefined };
  const combined = dilateMask({ shape: [height, width], data: union(masks) }, options.dilation);
  const groups = Array.from({ length: Math.ceil(masks.length / GROUP_SIZE) }, (_, i) =>
    union(masks.slice(i * GROUP_SIZE, (i + 1) * GROUP_SIZE)),
  );
  const batch = zeros([groups.length, 1, height, width]);
  for (const [i, data] of groups.entries()) batch.data.set(data, i * height * width);
  return { combined: { shape: [1, height, width], data: combined.data }, batch };
}
