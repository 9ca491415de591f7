// Choosing parts of SEGS by label, size, order or number (Impact Pack: SEGSLabelFilter, SEGSRangeFilter, SEGSOrderedFilter, SEGSPicker).

import type { Seg, Segs } from '../segs.ts';
import { pythonIntSet } from './python-set-order.ts';

export interface Filtered {
  readonly filtered: Segs;
  readonly remained: Segs;
}

const partition = (
  segs: Segs,
  list: readonly Seg[],
  keep: (seg: Seg, index: number) => boolean,
): Filtered => ({
  filtered: { ...segs, segs: list.filter(keep) },
  remained: { ...segs, segs: list.filter((seg, i) => !keep(seg, i)) },
});

/** Labels that stand for two others. */
const PAIRS: Record<string, readonly string[]> = {
  eyes: ['left_eye', 'right_eye'],
  eyebrows: ['left_eyebrow', 'right_eyebrow'],
  pupils: ['left_pupil', 'right_pupil'],
};

/** SEGSLabelFilter: parts whose label is among `labels`, separated by commas; `all` keeps everything. */
export function filterByLabel(segs: Segs, labels: string): Filtered {
  const wanted = new Set(labels.split(',').map((label) => label.trim()));
  if (wanted.has('all')) return { filtered: segs, remained: { ...segs, segs: [] } };
  const names = new Set(
    [...wanted].flatMap((label) => [label, ...(Object.hasOwn(PAIRS, label) ? PAIRS[label] : [])]),
  );
  return partition(segs, segs.segs, (seg) => names.has(seg.label));
}

const sizes = ({ cropRegion: [x1, y1, x2, y2] }: Seg) => ({ w: x2 - x1, h: y2 - y1 });

const MEASURES = {
  'area(=w*h)': (seg) => sizes(seg).w * sizes(seg).h,
  width: (seg) => sizes(seg).w,
  height: (seg) => sizes(seg).h,
  x1: (seg) => seg.cropRegion[0],
  y1: (seg) => seg.cropRegion[1],
  x2: (seg) => seg.cropRegion[2],
  y2: (seg) => seg.cropRegion[3],
} satisfies Record<string, (seg: Seg) => number>;

/** What SEGSOrderedFilter sorts by, in the node's order. */
export const ORDER_TARGETS = {
  ...MEASURES,
  confidence: (seg: Seg) => seg.confidence,
} satisfies Record<string, (seg: Seg) => number>;

/** What SEGSRangeFilter measures, in the node's order. */
export const RANGE_TARGETS = {
  ...MEASURES,
  length_percent: (seg: Seg) =>
    Math.max(sizes(seg).h / sizes(seg).w, sizes(seg).w / sizes(seg).h) * 100,
  'confidence(0-100)': (seg: Seg) => seg.confidence * 100,
} satisfies Record<string, (seg: Seg) => number>;

export type OrderTarget = keyof typeof ORDER_TARGETS;
export type RangeTarget = keyof typeof RANGE_TARGETS;

/** SEGSOrderedFilter: sorts (equal ones stay in their order) and takes `count` parts from `start`. */
export function filterByOrder(
  segs: Segs,
  target: OrderTarget,
  descending: boolean,
  start: number,
  count: number,
): Filtered {
  const value: (seg: Seg) => number = ORDER_TARGETS[target];
  const sorted = [...segs.segs].sort((a, b) =>
    descending ? value(b) - value(a) : value(a) - value(b),
  );
  return partition(segs, sorted, (_, i) => i >= start && i < start + count);
}

/** SEGSRangeFilter: parts whose measure lies inside min..max, or outside. */
export function filterByRange(
  segs: Segs,
  target: RangeTarget,
  inside: boolean,
  min: number,
  max: number,
): Filtered {
  const value: (seg: Seg) => number = RANGE_TARGETS[target];
  return partition(segs, segs.segs, (seg) => (value(seg) >= min && value(seg) <= max) === inside);
}

/** SEGSPicker: parts by their numbers from 1, separated by commas; in the order in which Python's set of them runs. */
export function pickSegs(segs: Segs, picks: string): Segs {
  const numbers = picks
    .split(',')
    .map((pick) => pick.trim())
    .filter((pick) => /^[+-]?\d+(_\d+)*$/.test(pick))
    .map((pick) => Number(pick.replaceAll('_', '')) - 1);
  const chosen = pythonIntSet(numbers).filter((i) => i >= 0 && i < segs.segs.length);
  return { ...segs, segs: chosen.map((i) => segs.segs[i]) };
}
