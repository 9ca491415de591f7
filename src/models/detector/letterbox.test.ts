// Expected numbers are from Ultralytics 8.4.190:
//   x = (np.arange(5 * 9 * 3) * 7 % 256).astype(np.uint8).reshape(5, 9, 3)
//   y = LetterBox((16, 16), auto=auto, stride=4)(image=x)
//   y[..., 0].astype(int).sum(1), y[:, :, 1].astype(int).sum(0)
import { describe, expect, it } from 'vitest';
import type { Size } from '../../image/geometry.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { letterbox, toImageCorners } from './letterbox.ts';

const square = (side: number): Size => ({ width: side, height: side });
const image = Uint8Array.from({ length: 5 * 9 * 3 }, (_, i) => (i * 7) % 256);
const imageSize = { width: 9, height: 5 };

/** The sums of the levels of one channel in each row or column. */
function sums({ shape, data }: Tensor, channel: number, by: 'row' | 'column'): number[] {
  const [, , height, width] = shape;
  const level = (x: number, y: number): number =>
    Math.round(data[(channel * height + y) * width + x] * 255);
  const along = (n: number, value: (i: number) => number): number =>
    Array.from({ length: n }, (_, i) => value(i)).reduce((a, b) => a + b, 0);
  return by === 'row'
    ? Array.from({ length: height }, (_, y) => along(width, (x) => level(x, y)))
    : Array.from({ length: width }, (_, x) => along(height, (y) => level(x, y)));
}

describe('letterbox', () => {
  it('pads to the whole size', () => {
    const { input, inputSize } = letterbox(image, imageSize, {
      side: square(16),
      multiple: square(16),
    });
    expect(inputSize).toEqual(square(16));
    expect(sums(input, 0, 'row')).toEqual([
      1824, 1824, 1824, 1342, 1593, 2010, 2225, 2392, 2297, 2152, 1805, 1599, 1824, 1824, 1824,
      1824,
    ]);
    expect(sums(input, 1, 'column')).toEqual([
      1959, 1865, 1717, 1782, 1873, 1722, 1645, 1750, 1857, 1963, 2070, 2175, 2025, 1904, 2012,
      2076,
    ]);
  });

  it('pads to multiples of the stride', () => {
    const { input, inputSize } = letterbox(image, imageSize, {
      side: square(16),
      multiple: square(4),
    });
    expect(inputSize).toEqual({ width: 16, height: 12 });
    expect(sums(input, 0, 'row')).toEqual([
      1824, 1342, 1593, 2010, 2225, 2392, 2297, 2152, 1805, 1599, 1824, 1824,
    ]);
    expect(sums(input, 1, 'column')).toEqual([
      1503, 1409, 1261, 1326, 1417, 1266, 1189, 1294, 1401, 1507, 1614, 1719, 1569, 1448, 1556,
      1620,
    ]);
  });

  it('is undone for corners, which are clipped to the image', () => {
    // ops.scale_boxes((64, 64), torch.tensor([[12., 10., 28., 52.]]), (32, 64))
    expect(toImageCorners([12, 10, 28, 52], square(64), { width: 64, height: 32 })).toEqual([
      12, 0, 28, 32,
    ]);
  });
});
