import { expect, it } from 'vitest';
import { segA, segment, segsOf } from '../../../test/support/segs.ts';
import { segsToCombinedMask, segsToMaskBatch } from '../edit/segs-to-masks.ts';
import { maskToSegs, maskToSegsForAnimateDiff } from './mask-to-segs.ts';

const options = { combined: false, cropFactor: 1, bboxFill: false, dropSize: 1 };

it('makes segments with the masks of all frames for AnimateDiff', () => {
  const masks = segsToMaskBatch(segsOf(segment([0, 0, 4, 4]), segment([6, 0, 10, 4])));
  const { segs } = maskToSegsForAnimateDiff(masks, options);
  expect(segs.map(({ croppedMask }) => croppedMask.shape)).toEqual([
    [2, 4, 4],
    [2, 4, 4],
  ]);
});

it('converts a single mask for AnimateDiff as for other uses', () => {
  const mask = segsToCombinedMask(segsOf(segA));
  expect(maskToSegsForAnimateDiff(mask, options).segs).toEqual(maskToSegs(mask, options).segs);
});
