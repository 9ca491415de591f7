import { describe, expect, it } from 'vitest';
import type { AvifProperties } from './avif-boxes.ts';
import { shiftColours } from './avif-colours.ts';

const BT601_FULL = { matrix: 6, isFullRange: true, depth: 8, isSubsampled: true };
const BT709_LIMITED = { ...BT601_FULL, matrix: 1, isFullRange: false };

/** One row of pixels. */
const shift = (pixels: readonly (readonly number[])[], properties: Partial<AvifProperties>) =>
  shiftColours(
    {
      width: pixels.length,
      data: Uint16Array.from(
        pixels.flatMap((rgb) => [...rgb, 255]),
        (value) => value * 257,
      ),
    },
    3,
    { hasAlpha: false, ...properties } as AvifProperties,
  );

describe('colours that libyuv would change in a way that cannot be told are refused', () => {
  const [grey, red, blue] = [
    [100, 100, 100],
    [255, 10, 10],
    [10, 10, 255],
  ];

  it('cut ones in or before the last column of an odd width', () => {
    expect(() => shift([grey, grey, red], BT601_FULL)).toThrow(/last column.*PNG/);
    expect(() => shift([grey, red, grey], BT601_FULL)).toThrow(/last column.*PNG/);
    expect(shift([red, grey, grey], BT601_FULL)).toHaveLength(9);
    expect(shift([grey, grey, grey, red], BT601_FULL)).toHaveLength(12);
    expect(shift([grey, grey, red], { ...BT601_FULL, isSubsampled: false })).toHaveLength(9);
  });

  it('cut blue of BT.709 with a limited range, whose coefficient libyuv lowers most', () => {
    expect(() => shift([blue, grey], BT709_LIMITED)).toThrow(/saturated pixels.*PNG/);
    expect(shift([blue, grey], BT601_FULL)).toHaveLength(6);
    expect(shift([red, grey], { ...BT709_LIMITED })).toHaveLength(6);
  });

  it('but not white and black', () => {
    const [white, black] = [
      [255, 255, 255],
      [0, 0, 0],
    ];
    expect([...shift([black, white, white], BT709_LIMITED)]).toEqual([
      ...black,
      ...white,
      ...white,
    ]);
  });
});
