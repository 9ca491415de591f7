import { expect, it } from 'vitest';
import { segA, segB, segsOf, sumOf } from '../../../test/support/segs.ts';
import { full, zeros } from '../../tensor/tensor.ts';
import { mergeSegs } from '../edit/merge-segs.ts';
import { pasteSegs } from './paste-segs.ts';

const image = zeros([1, 8, 10, 3]);
const segs = segsOf(
  { ...segA, croppedImage: full([1, 4, 4, 3], 1) },
  { ...segB, croppedImage: full([1, 3, 6, 3], 0.5) },
);

it('pastes the segments in order and leaves the original image unchanged', () => {
  const { data } = pasteSegs(image, segs, 0);
  const pixel = (x: number, y: number): number => data[(y * 10 + x) * 3];
  expect({ first: pixel(0, 0), overlap: pixel(2, 2), outside: pixel(9, 7) }).toEqual({
    first: 1,
    overlap: 0.5,
    outside: 0,
  });
  expect(image.data.every((v) => v === 0)).toBe(true);
});

it('multiplies the masks by alpha', () => {
  expect(pasteSegs(image, segs, 0, 51).data[0]).toBeCloseTo(0.2, 6);
});

it('crops the segments from a reference image', () => {
  expect(sumOf(pasteSegs(image, segsOf(segA), 0, 255, full([1, 8, 10, 3], 1)))).toBe(48);
});

it('skips segments without an image', () => {
  expect(sumOf(pasteSegs(image, segsOf(segA, mergeSegs(segsOf()).segs[0]), 0))).toBe(0);
});
