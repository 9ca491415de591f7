import { expect, it } from 'vitest';
import { segA, segB, segment, segsOf, sumOf } from '../../../test/support/segs.ts';
import { full, zeros } from '../../tensor/tensor.ts';
import { segsToCombinedMask, segsToMaskBatch, segsToMaskList } from './segs-to-masks.ts';

it('combines all segments in one mask', () => {
  const mask = segsToCombinedMask(segsOf(segA, segB));
  expect(mask.shape).toEqual([1, 8, 10]);
  expect(sumOf(mask)).toBe(16 + 18 - 4);
});

it('makes one mask for each segment', () => {
  expect(segsToMaskList(segsOf(segA, segB)).map(sumOf)).toEqual([16, 18]);
  expect(segsToMaskBatch(segsOf(segA, segB)).shape).toEqual([2, 8, 10]);
});

it('makes one mask for each frame', () => {
  const animated = segment([0, 0, 2, 2], { croppedMask: full([3, 2, 2], 1) });
  expect(segsToMaskBatch(segsOf(animated)).shape).toEqual([3, 8, 10]);
});

it('makes an empty mask of SEGS without segments', () => {
  expect(segsToMaskList(segsOf())).toEqual([zeros([1, 8, 10])]);
});

it('throws for a mask that does not fit its crop region', () => {
  expect(() => segsToCombinedMask(segsOf(segment([8, 6, 12, 9])))).toThrow(
    'does not fit the crop region',
  );
});
