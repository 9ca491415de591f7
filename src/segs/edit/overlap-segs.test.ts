// Filters of overlapping segments; the numbers are those of SEGSIntersectionFilter().doit and
// SEGSNMSFilter().doit (Impact Pack 8.22 segs_nodes.py) for the same segments.
import { expect, it } from 'vitest';
import { full } from '../../tensor/tensor.ts';
import type { Seg, Segs } from '../segs.ts';
import { withoutIntersecting, withoutOverlaps } from './overlap-segs.ts';

type Box = readonly [
  x: number,
  y: number,
  w: number,
  h: number,
  confidence: number,
  value?: number,
];
const seg = ([x, y, w, h, confidence, value = 1]: Box, label: string): Seg => ({
  croppedMask: full([h, w], value),
  confidence,
  cropRegion: [x, y, x + w, y + h],
  bbox: [x, y, x + w, y + h],
  label,
});
const segsOf = (side: number, ...boxes: readonly Box[]): Segs => ({
  width: side,
  height: side,
  segs: boxes.map((box, i) => seg(box, String(i))),
});
const numbers = ({ segs }: Segs): number[] => segs.map(({ label }) => Number(label));

const segs = segsOf(
  20,
  [0, 0, 10, 10, 0.5],
  [5, 0, 10, 10, 0.9, 0.3],
  [0, 0, 10, 3, 0.7],
  [12, 12, 5, 5, 0.9],
  [0, 10, 4, 4, 0.2, 0.001],
);
const others = segsOf(20, [0, 0, 7, 10, 1], [13, 12, 2, 5, 1, 0.5]);

it.each([
  [0, [4]],
  [0.2, [1, 4]],
  [0.3, [1, 4]],
  [0.5, [1, 3, 4]],
  [0.7, [0, 1, 2, 3, 4]],
  [1, [0, 1, 2, 3, 4]],
])('removes segments of which more than %s is covered', (threshold, expected) => {
  expect(numbers(withoutIntersecting(segs, others, threshold))).toEqual(expected);
});

it('segments of an image of another size cover everything, as in the original', () => {
  const small = segsOf(10, [0, 0, 2, 2, 1]);
  expect(numbers(withoutIntersecting(segs, small, 0.8))).toEqual([4]);
  expect(numbers(withoutIntersecting(segs, small, 1))).toEqual([0, 1, 2, 3, 4]);
});

it.each([
  [0, [3]],
  [0.2, [3, 1, 2, 4]],
  [0.3, [3, 1, 2, 4]],
  [1 / 3, [3, 1, 2, 4]],
  [0.34, [3, 1, 2, 0, 4]],
  [1, [3, 1, 2, 0, 4]],
])('keeps the best of segments that share %s of their union', (threshold, expected) => {
  expect(numbers(withoutOverlaps(segs, threshold))).toEqual(expected);
});
