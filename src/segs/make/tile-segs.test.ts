import { describe, expect, it } from 'vitest';
import { maskSums, segment, sumOf } from '../../../test/support/segs.ts';
import { randomState } from '../../random/numpy-random.ts';
import { emptySegs, type Segs } from '../segs.ts';
import { makeTileSegs, type TileOptions } from './tile-segs.ts';

const options: TileOptions = {
  bboxSize: 64,
  cropFactor: 2,
  minOverlap: 5,
  filterSegsDilation: 0,
  maskIrregularity: 0.3,
};

describe('ragged tiles', () => {
  // float64 sums of the original's masks after numpy.random.seed(0), its threads run in sequence
  it.each([
    [
      'Reuse fast',
      [
        6549.819263630081, 6414.2489456576295, 6414.2489456576295, 6414.2489456576295,
        6518.340477075893, 6396.183347732294, 6233.348752268124, 6233.348752268124,
        6233.348752268124, 6381.813260950614, 6396.183347732294, 6233.348752268124,
        6233.348752268124, 6233.348752268124, 6381.813260950614, 6497.179228082299,
        6368.775587260723, 6368.775587260723, 6368.775587260723, 6486.333420544863,
      ],
    ],
    [
      'All random fast',
      [
        18893.919637069106, 18526.843157622963, 18407.13298886642, 18830.995883584023,
        18286.75902201049, 17904.41677956283, 17968.943031396717, 18599.24325744342,
        18916.765735796653, 18575.953349614516, 18387.716622982174, 18980.31492292043,
      ],
    ],
  ] as const)('%s', (irregularMaskMode, expected) => {
    const random = randomState(0).randint;
    const sums = maskSums(
      makeTileSegs([1, 256, 300, 3], { ...options, irregularMaskMode, random }),
    );
    expect(sums.length).toBe(expected.length);
    for (const [i, sum] of sums.entries()) expect(sum, `tile ${i}`).toBeCloseTo(expected[i], 1);
  });
});

describe('filters', () => {
  it('clear the tiles inside the excluded segments', () => {
    const filterOut: Segs = { height: 64, width: 64, segs: [segment([0, 0, 64, 32])] };
    const [tile] = makeTileSegs([1, 64, 64, 3], {
      ...options,
      maskIrregularity: 0,
      filterOut,
    }).segs;
    expect(sumOf(tile.croppedMask)).toBe(64 * 32);
  });

  it('must have an image size', () => {
    expect(() =>
      makeTileSegs([1, 64, 64, 3], { ...options, maskIrregularity: 0, filterIn: emptySegs() }),
    ).toThrow('empty SEGS');
  });
});
