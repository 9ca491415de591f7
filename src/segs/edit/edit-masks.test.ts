import { describe, expect, it } from 'vitest';
import { maskSums, segA, segB, segment, segsOf, sumOf } from '../../../test/support/segs.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import type { ControlNetWrapper } from '../segs.ts';
import { applyMaskToEachSeg, blurSegs, scaleBbox, segsBitwiseAndMask } from './edit-masks.ts';

describe('combining with masks', () => {
  const wrapper: ControlNetWrapper = {
    apply: (positive, negative, image) => ({ positive, negative, images: [image] }),
  };
  const segs = segsOf(segment([0, 0, 4, 4], { controlNetWrapper: wrapper }), segB);
  const leftColumns: Tensor = {
    shape: [1, 8, 10],
    data: Float32Array.from({ length: 80 }, (_, i) => Number(i % 10 < 3)),
  };

  it('clears the masks outside another mask and drops the ControlNets', () => {
    const result = segsBitwiseAndMask(segs, leftColumns);
    expect(maskSums(result)).toEqual([12, 3]);
    expect(result.segs[0].controlNetWrapper).toBeUndefined();
  });

  it('drops segments without a mask in the batch', () => {
    expect(applyMaskToEachSeg(segs, leftColumns).segs.length).toBe(1);
  });

  it('throws for a mask that does not cover the crop region', () => {
    expect(() => segsBitwiseAndMask(segs, full([4, 4], 1))).toThrow(
      'does not cover the crop region',
    );
  });
});

describe('scaleBbox', () => {
  it('scales the bbox and clears the mask outside it', () => {
    const scaled = scaleBbox(segment([0, 0, 6, 6], { bbox: [2, 2, 4, 4] }), 2);
    expect(scaled.bbox).toEqual([1, 1, 5, 5]);
    expect(sumOf(scaled.croppedMask)).toBe(16);
  });

  it('always clears the last row and column', () => {
    expect(sumOf(scaleBbox(segment([0, 0, 6, 6]), 3).croppedMask)).toBe(25);
  });
});

describe('blurSegs', () => {
  it('blurs inside the crop region', () => {
    const [blurred] = blurSegs(segsOf(segA), 5).segs;
    expect(blurred.croppedMask.shape).toEqual([4, 4]);
    expect(blurred.croppedMask.data[0]).toBeLessThan(1);
  });
});
