// Selects segments by label, size, order or number (Impact Pack: SEGSLabelFilter, SEGSRangeFilter,
// SEGSOrderedFilter, SEGSPicker).
import type { Seg, Segs } from '../segs.ts';
import { pythonSetOrder } from './python-set-order.ts';

export interface FilteredSegs {
  readonly filtered: Segs;
  readonly remained: Segs;
}

const partition = (
  segs: Segs,
  list: readonly Seg[],
  isSelected: (seg: Seg, index: number) => boolean,
): FilteredSegs => ({
  filtered: { ...segs, segs: list.filter(isSelected) },
  remained: { ...segs, segs: list.filter((seg, i) => !isSelected(seg, i)) },
});

/** Labels that also select two others. */
const LABEL_PAIRS: Record<string, readonly string[]> = {
  eyes: ['left_eye', 'right_eye'],
  eyebrows: ['left_eyebrow', 'right_eyebrow'],
  pupils: ['left_pupil', 'right_pupil'],
};

/** SEGSLabelFilter: segments whose label is in the comma-separated `labels`; `all` selects all. */
export function filterByLabel(segs: Segs, labels: string): FilteredSegs {
  const requested = new Set(labels.split(',').map((label) => label.trim()));
  if (requested.has('all')) return { filtered: segs, remained: { ...segs, segs: [] } };
  const selected = new Set(
    [...requested].flatMap((label) => [
      label,
      ...(Object.hasOwn(LABEL_PAIRS, label) ? LABEL_PAIRS[label] : []),
    ]),
  );
  return partition(segs, segs.segs, (seg) => selected.has(seg.label));
}

const widthOf = ({ cropRegion: [x1, , x2] }: Seg): number => x2 - x1;
const heightOf = ({ cropRegion: [, y1, , y2] }: Seg): number => y2 - y1;

const MEASURES = {
  'area(=w*h)': (seg) => widthOf(seg) * heightOf(seg),
  width: widthOf,
  height: heightOf,
  x1: (seg) => seg.cropRegion[0],
  y1: (seg) => seg.cropRegion[1],
  x2: (seg) => seg.cropRegion[2],
  y2: (seg) => seg.cropRegion[3],
} satisfies Record<string, (seg: Seg) => number>;

/** The sort keys of SEGSOrderedFilter, in the order of the node's options. */
export const ORDER_TARGETS = {
  ...MEASURES,
  confidence: (seg: Seg) => seg.confidence,
  /** The order of the segments themselves. */
  none: () => 0,
} satisfies Record<string, (seg: Seg) => number>;

/** The measures of SEGSRangeFilter, in the order of the node's options. */
export const RANGE_TARGETS = {
  ...MEASURES,
  length_percent: (seg: Seg) =>
    Math.max(heightOf(seg) / widthOf(seg), widthOf(seg) / heightOf(seg)) * 100,
  'confidence(0-100)': (seg: Seg) => seg.confidence * 100,
} satisfies Record<string, (seg: Seg) => number>;

export type OrderTarget = keyof typeof ORDER_TARGETS;
export type RangeTarget = keyof typeof RANGE_TARGETS;

/** SEGSOrderedFilter: a stable sort, of which `count` segments from index `start` are selected. */
export function filterByOrder(
  segs: Segs,
  target: OrderTarget,
  descending: boolean,
  start: number,
  count: number,
): FilteredSegs {
  const value: (seg: Seg) => number = ORDER_TARGETS[target];
  const sorted = [...segs.segs].sort((a, b) =>
    descending ? value(b) - value(a) : value(a) - value(b),
  );
  return partition(segs, sorted, (_, i) => i >= start && i < start + count);
}

/** SEGSRangeFilter: segments whose measure is inside min..max (both inclusive), or outside. */
export function filterByRange(
  segs: Segs,
  target: RangeTarget,
  inside: boolean,
  min: number,
  max: number,
): FilteredSegs {
  const value: (seg: Seg) => number = RANGE_TARGETS[target];
  return partition(segs, segs.segs, (seg) => (value(seg) >= min && value(seg) <= max) === inside);
}

/**
 * SEGSPicker: segments by their comma-separated numbers from 1, in the iteration order of a Python
 * set of the numbers.
 */
export function pickSegs(segs: Segs, picks: string): Segs {
  const indexes = picks
    .split(',')
    .map((pick) => pick.trim())
    .filter((pick) => /^[+-]?\d+(_\d+)*$/.test(pick))
    .map((pick) => Number(pick.replaceAll('_', '')) - 1);
  const picked = pythonSetOrder(indexes).filter((i) => i >= 0 && i < segs.segs.length);
  return { ...segs, segs: picked.map((i) => segs.segs[i]) };
}
