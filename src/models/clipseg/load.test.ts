import { expect, it } from 'vitest';
import { full } from '../../tensor/tensor.ts';
import { CLIPSEG_SIDE, clipSegPixels } from './load.ts';

it('resizes an image to the square and normalises it by channel', () => {
  const { shape, data } = clipSegPixels(full([1, 20, 30, 3], 1));
  expect(shape).toEqual([1, 3, CLIPSEG_SIDE, CLIPSEG_SIDE]);
  const plane = CLIPSEG_SIDE * CLIPSEG_SIDE;
  // (1 - mean) / deviation of CLIPSegProcessor: means 0.485, 0.456, 0.406; deviations 0.229, 0.224,
  // 0.225
  for (const [channel, value] of [2.2489, 2.4286, 2.64].entries()) {
    expect(data[channel * plane]).toBeCloseTo(value, 4);
    expect(data[(channel + 1) * plane - 1]).toBeCloseTo(value, 4);
  }
});
