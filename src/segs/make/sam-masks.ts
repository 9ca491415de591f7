// Masks that Segment Anything makes of SEGS (Impact Pack, core.py: make_sam_mask and make_sam_mask_segmented).
import { dilateMask, squeezeMask } from '../../image/mask/impact-mask-morphology.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Region, Seg, Segs } from '../segs.ts';

/** Masks [H,W] of what lies at points (label 1: of it, 0: not of it) and in a box. */
export interface MaskPredictor {
  predict(
    image: Tensor,
    points: readonly (readonly [number, number])[],
    labels: readonly (0 | 1)[],
    bbox: Region | undefined,
    threshold: number,
  ): Promise<readonly Tensor[]>;
}

export interface SamOptions {
  readonly hint: DetectionHint;
  readonly dilation: number;
  readonly threshold: number;
  readonly bboxExpansion: number;
  readonly maskHintThreshold: number;
  readonly negative: NegativeHint;
}

interface Hints {
  readonly points: (readonly [number, number])[];
  readonly labels: (0 | 1)[];
}

const NEGATIVES = ['False', 'Small', 'Outter'] as const;
export type NegativeHint = (typeof NEGATIVES)[number];
export const NEGATIVE_HINTS: readonly NegativeHint[] = NEGATIVES;

/** A third of a side is the step between two points. */
type Place = (
  box: Region,
  center: readonly [number, number],
) => readonly (readonly [number, number])[];

const thirds = (from: number, to: number): readonly [number, number] => [
  from + (to - from) / 3,
  from + ((to - from) / 3) * 2,
];
const atCenter: Place = (_, center) => [center];
const besides: Place = ([x1, , x2], [, y]) => thirds(x1, x2).map((x) => [x, y] as const);
const aboveAndBelow: Place = ([, y1, , y2], [x]) => thirds(y1, y2).map((y) => [x, y] as const);
const corners: Place = ([x1, y1, x2, y2]) =>
  thirds(y1, y2).flatMap((y) => thirds(x1, x2).map((x) => [x, y] as const));

const PLACES = {
  'center-1': atCenter,
  'horizontal-2': besides,
  'vertical-2': aboveAndBelow,
  'rect-4': (box: Region, center: readonly [number, number]) => [
    ...besides(box, center),
    ...aboveAndBelow(box, center),
  ],
  'diamond-4': corners,
  'mask-area': undefined,
  'mask-points': undefined,
  'mask-point-bbox': atCenter,
  none: () => [],
} satisfies Record<string, Place | undefined>;

export type DetectionHint = keyof typeof PLACES;
export const DETECTION_HINTS = Object.keys(PLACES) as DetectionHint[];

const centerOf = ([x1, y1, x2, y2]: Region): readonly [number, number] => [
  x1 + (x2 - x1) / 2,
  y1 + (y2 - y1) / 2,
];
const stepOf = (length: number): number => Math.max(3, Math.trunc(length / 20));

/** Points on a grid where the mask is above the threshold; with `negative` also where it is nothing. */
function insideMask(
  { croppedMask, cropRegion: [left, top] }: Seg,
  threshold: number,
  negative: boolean,
): Hints {
  const { shape, data } = squeezeMask(croppedMask);
  const [height, width] = shape;
  const hints: Hints = { points: [], labels: [] };
  for (let y = 0; y < height; y += stepOf(height))
    for (let x = 0; x < width; x += stepOf(width)) {
      const v = data[y * width + x];
      if (!(v > threshold) && !(negative && v === 0)) continue;
      hints.points.push([left + x, top + y]);
      hints.labels.push(v > threshold ? 1 : 0);
    }
  return hints;
}

/** Points outside of a region; as in the original the grid goes over a picture whose sides are exchanged. */
function outside(
  height: number,
  width: number,
  [x1, y1, x2, y2]: Region,
): (readonly [number, number])[] {
  const points: (readonly [number, number])[] = [];
  for (let y = 10; y < width - 10; y += stepOf(height))
    for (let x = 10; x < height - 10; x += stepOf(width))
      if (!(x1 - 10 <= x && x <= x2 + 10 && y1 - 10 <= y && y <= y2 + 10)) points.push([x, y]);
  return points;
}

/** All masks for SEGS, one after another: up to three for each part; with mask-points for all parts together. */
async function predicted(
  sam: MaskPredictor,
  { segs }: Segs,
  image: Tensor,
  o: SamOptions,
): Promise<Tensor[]> {
  const [, height, width] = image.shape;
  const small = o.negative === 'Small';
  if (o.hint === 'mask-points') {
    const labels = segs.map(({ bbox }): 0 | 1 => (small && bbox[2] - bbox[0] < 10 ? 0 : 1));
    const points = segs.map(({ bbox }) => centerOf(bbox));
    return [...(await sam.predict(image, points, labels, undefined, o.threshold))];
  }
  const masks: Tensor[] = [];
  for (const seg of segs) {
    const [x1, y1, x2, y2] = seg.bbox;
    const e = o.bboxExpansion;
    const box: Region = [
      Math.max(x1 - e, 0),
      Math.max(y1 - e, 0),
      Math.min(x2 + e, width),
      Math.min(y2 + e, height),
    ];
    const place: Place | undefined = PLACES[o.hint];
    const points = place?.(box, centerOf(seg.bbox)) ?? [];
    const hints = place
      ? { points, labels: points.map((): 1 => 1) }
      : insideMask(seg, o.maskHintThreshold, small);
    const negative = o.negative === 'Outter' ? outside(height, width, seg.cropRegion) : [];
    const labels = [...hints.labels, ...negative.map((): 0 => 0)];
    masks.push(
      ...(await sam.predict(image, [...hints.points, ...negative], labels, box, o.threshold)),
    );
  }
  return masks;
}

const union = (masks: readonly Tensor[]): Float32Array => {
  const data = Float32Array.from(masks[0].data);
  for (const mask of masks.slice(1))
    for (let i = 0; i < data.length; i++) if (mask.data[i] > 0) data[i] = 1;
  return data;
};

/** Masks put together by threes, as the original does whatever they belong to. */
const GROUP = 3;

/** What Segment Anything finds for SEGS in a picture [1,H,W,3]: all in one mask [1,H,W], and by threes [n,1,H,W] (none: undefined). */
export async function samMasks(
  sam: MaskPredictor,
  segs: Segs,
  image: Tensor,
  o: SamOptions,
): Promise<{ readonly combined: Tensor; readonly batch: Tensor | undefined }> {
  const [, height, width] = image.shape;
  const masks = await predicted(sam, segs, image, o);
  if (masks.length === 0) return { combined: zeros([1, height, width]), batch: undefined };
  const whole = dilateMask({ shape: [height, width], data: union(masks) }, o.dilation);
  const groups = Array.from({ length: Math.ceil(masks.length / GROUP) }, (_, i) =>
    union(masks.slice(i * GROUP, (i + 1) * GROUP)),
  );
  const batch = zeros([groups.length, 1, height, width]);
  for (const [i, data] of groups.entries()) batch.data.set(data, i * height * width);
  return { combined: { shape: [1, height, width], data: whole.data }, batch };
}
