import { describe, expect, it } from 'vitest';
import { randomState } from '../../random/numpy-random.ts';
import { full, type Tensor, zeros } from '../../tensor/tensor.ts';
import { pasteSegs } from '../detail/paste-segs.ts';
import { maskToSegs, maskToSegsForAnimateDiff } from '../make/mask-to-segs.ts';
import { makeTileSegs, type TileOptions } from '../make/tile-segs.ts';
import { type ControlNetWrapper, emptySegs, type Region, type Seg, type Segs } from '../segs.ts';
import {
  applyMaskToEachSeg,
  assignLabels,
  blurSegs,
  clearControlNets,
  removeImages,
  scaleBbox,
  segsBitwiseAndMask,
  segsToImageList,
  setDefaultImage,
} from './edit-segs.ts';
import { filterByLabel, filterByOrder, filterByRange, pickSegs } from './filter-segs.ts';
import { pythonIntSet } from './python-set-order.ts';
import { segsScaleMatch } from './scale-segs.ts';
import {
  concatSegs,
  mergeSegs,
  segsToCombinedMask,
  segsToMaskBatch,
  segsToMaskList,
} from './segs-to-masks.ts';

const seg = (cropRegion: Region, more: Partial<Seg> = {}): Seg => {
  const [x1, y1, x2, y2] = cropRegion;
  return {
    croppedMask: full([y2 - y1, x2 - x1], 1),
    confidence: 0.5,
    cropRegion,
    bbox: cropRegion,
    label: 'A',
    ...more,
  };
};
const of = (...segs: Seg[]): Segs => ({ height: 8, width: 10, segs });
const labels = (segs: Segs): string => segs.segs.map((s) => s.label).join('');
const sum = (mask: Tensor): number => mask.data.reduce((a, b) => a + b, 0);

const a = seg([0, 0, 4, 4], { label: 'a', confidence: 0.9 });
const b = seg([2, 2, 8, 5], { label: 'b', confidence: 0.3 });
const c = seg([5, 1, 7, 3], { label: 'left_eye' });

describe('SEGS back to masks', () => {
  it('one for all and one for each', () => {
    expect(segsToCombinedMask(of(a, b)).shape).toEqual([1, 8, 10]);
    expect(sum(segsToCombinedMask(of(a, b)))).toBe(16 + 18 - 4);
    expect(segsToMaskList(of(a, b)).map(sum)).toEqual([16, 18]);
    expect(segsToMaskBatch(of(a, b)).shape).toEqual([2, 8, 10]);
    expect(segsToMaskList(of())).toEqual([zeros([1, 8, 10])]);
  });

  it('frames give a mask each', () => {
    expect(
      segsToMaskBatch(of(seg([0, 0, 2, 2], { croppedMask: full([3, 2, 2], 1) }))).shape,
    ).toEqual([3, 8, 10]);
  });

  it('a mask that does not fit its region is refused', () => {
    expect(() => segsToCombinedMask(of(seg([8, 6, 12, 9])))).toThrow(
      'does not fit the crop region',
    );
  });
});

describe('several to one', () => {
  it('merges', () => {
    const [merged] = mergeSegs(of(a, b)).segs;
    expect(merged).toMatchObject({
      cropRegion: [0, 0, 8, 5],
      bbox: [0, 0, 8, 5],
      confidence: 0.3,
      label: 'merged',
    });
    expect(merged.croppedMask.shape).toEqual([1, 5, 8]);
    expect(mergeSegs(of()).segs[0].croppedMask.data.length).toBe(0);
    expect(sum(segsToCombinedMask(mergeSegs(of())))).toBe(0);
  });

  it('concatenates those of one size', () => {
    const warnings: string[] = [];
    const other = { height: 3, width: 3, segs: [c] };
    const all = concatSegs([emptySegs(), of(), of(a), other, of(b)], (message) =>
      warnings.push(message),
    );
    expect(labels(all)).toBe('ab');
    expect(warnings).toEqual(['SEGS of a 3x3 picture are left out beside those of a 10x8 picture']);
    expect(concatSegs([of()])).toEqual(emptySegs());
  });
});

describe('filters', () => {
  const all = of(a, b, c);

  it('by label, with pairs and all', () => {
    expect(labels(filterByLabel(all, ' eyes , b').filtered)).toBe('bleft_eye');
    expect(labels(filterByLabel(all, 'eyes').remained)).toBe('ab');
    expect(filterByLabel(all, 'all')).toEqual({ filtered: all, remained: of() });
  });

  it('by order and range', () => {
    expect(labels(filterByOrder(all, 'area(=w*h)', true, 0, 2).filtered)).toBe('ba');
    expect(labels(filterByOrder(all, 'confidence', false, 1, 1).filtered)).toBe('left_eye');
    expect(labels(filterByRange(all, 'length_percent', true, 150, 300).filtered)).toBe('b');
    expect(labels(filterByRange(all, 'confidence(0-100)', false, 40, 60).filtered)).toBe('ab');
  });

  it('by number, in the order of a Python set', () => {
    const ten = of(
      ...Array.from({ length: 10 }, (_, i) => seg([0, 0, 2, 2], { label: `${i + 1}` })),
    );
    expect(labels(pickSegs(ten, '3, x, 1, 40, 3'))).toBe('13');
    // list({8, 1}) == [8, 1]
    expect(pythonIntSet([8, 1])).toEqual([8, 1]);
    expect(labels(pickSegs(ten, '2,9'))).toBe('92');
  });
});

describe('edits', () => {
  it('labels in order', () => {
    const warnings: string[] = [];
    expect(labels(assignLabels(of(a, b), 'x', (message) => warnings.push(message)))).toBe('xb');
    expect(warnings).toEqual(['1 labels for 2 SEGS']);
  });

  it('pictures come from the image, stay, or go', () => {
    const image = full([1, 8, 10, 3], 0.5);
    const given = setDefaultImage(of(a, b), image, true);
    expect(given.segs.map((s) => s.croppedImage!.shape)).toEqual([
      [1, 4, 4, 3],
      [1, 3, 6, 3],
    ]);
    expect(setDefaultImage(given, full([1, 8, 10, 3], 0), false)).toEqual(given);
    expect(removeImages(given).segs[0].croppedImage).toBeUndefined();
    expect(segsToImageList(of(a), image)[0].shape).toEqual([1, 4, 4, 3]);
    expect(segsToImageList(of())[0].shape).toEqual([1, 64, 64, 3]);
  });

  it('masks are cut by others, and control nets dropped', () => {
    const wrapper: ControlNetWrapper = {
      apply: (positive, negative, image) => ({ positive, negative, images: [image] }),
    };
    const wired = of(seg([0, 0, 4, 4], { controlNetWrapper: wrapper }), b);
    const half: Tensor = {
      shape: [1, 8, 10],
      data: Float32Array.from({ length: 80 }, (_, i) => Number(i % 10 < 3)),
    };
    expect(segsBitwiseAndMask(wired, half).segs.map((s) => sum(s.croppedMask))).toEqual([12, 3]);
    expect(segsBitwiseAndMask(wired, half).segs[0].controlNetWrapper).toBeUndefined();
    expect(clearControlNets(wired).segs[0].controlNetWrapper).toBeUndefined();
    expect(applyMaskToEachSeg(wired, half).segs.length).toBe(1);
    expect(() => segsBitwiseAndMask(wired, full([4, 4], 1))).toThrow(
      'does not cover the crop region',
    );
  });

  it('the bbox grows, and the mask is cleared outside', () => {
    const scaled = scaleBbox(seg([0, 0, 6, 6], { bbox: [2, 2, 4, 4] }), 2);
    expect(scaled.bbox).toEqual([1, 1, 5, 5]);
    expect(sum(scaled.croppedMask)).toBe(16);
    expect(sum(scaleBbox(seg([0, 0, 6, 6]), 3).croppedMask)).toBe(25);
  });

  it('blurs inside the crop region', () => {
    const [blurred] = blurSegs(of(a), 5).segs;
    expect(blurred.croppedMask.shape).toEqual([4, 4]);
    expect(blurred.croppedMask.data[0]).toBeLessThan(1);
  });
});

it('scaling refuses what has no size afterwards', () => {
  expect(() => segsScaleMatch(of(seg([8, 0, 9, 8])), [1, 8, 100, 3])).toThrow('has no size');
  expect(segsScaleMatch(emptySegs(), [1, 8, 100, 3])).toEqual(emptySegs());
});

it('a single mask for AnimateDiff is joined again, a batch keeps its frames', () => {
  const options = { combined: false, cropFactor: 1, bboxFill: false, dropSize: 1 };
  const mask = segsToMaskBatch(of(seg([0, 0, 4, 4]), seg([6, 0, 10, 4])));
  expect(maskToSegsForAnimateDiff(mask, options).segs.map((s) => s.croppedMask.shape)).toEqual([
    [2, 4, 4],
    [2, 4, 4],
  ]);
  expect(maskToSegsForAnimateDiff(segsToCombinedMask(of(a)), options).segs).toEqual(
    maskToSegs(segsToCombinedMask(of(a)), options).segs,
  );
});

describe('paste', () => {
  const image = zeros([1, 8, 10, 3]);

  it('lays the parts over the image in order, weakened by alpha', () => {
    const segs = of(
      { ...a, croppedImage: full([1, 4, 4, 3], 1) },
      { ...b, croppedImage: full([1, 3, 6, 3], 0.5) },
    );
    const pasted = pasteSegs(image, segs, 0);
    expect([pasted.data[0], pasted.data[(2 * 10 + 2) * 3], pasted.data[(7 * 10 + 9) * 3]]).toEqual([
      1, 0.5, 0,
    ]);
    expect(pasteSegs(image, segs, 0, 51).data[0]).toBeCloseTo(0.2, 6);
    expect(image.data.every((v) => v === 0)).toBe(true);
  });

  it('takes the pictures from a reference, and passes over parts without one', () => {
    expect(sum(pasteSegs(image, of(a), 0, 255, full([1, 8, 10, 3], 1)))).toBe(48);
    expect(sum(pasteSegs(image, of(a, mergeSegs(of()).segs[0]), 0))).toBe(0);
  });
});

describe('tiles', () => {
  const options: TileOptions = {
    bboxSize: 64,
    cropFactor: 2,
    minOverlap: 5,
    filterSegsDilation: 0,
    maskIrregularity: 0.3,
  };
  const sums = (irregularMaskMode: TileOptions['irregularMaskMode']) =>
    makeTileSegs([1, 256, 300, 3], {
      ...options,
      irregularMaskMode,
      random: randomState(0).randint,
    }).segs.map((s) => sum(s.croppedMask));

  // numpy.random.seed(0), the pool's threads one after the other; float64 sums
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
  ] as const)('with ragged edges: %s', (mode, want) => {
    const got = sums(mode);
    expect(got.length).toBe(want.length);
    got.forEach((v, i) => {
      expect(v).toBeCloseTo(want[i], 1);
    });
  });

  it('leave parts out', () => {
    const filterOut: Segs = { height: 64, width: 64, segs: [seg([0, 0, 64, 32])] };
    const [tile] = makeTileSegs([1, 64, 64, 3], {
      ...options,
      maskIrregularity: 0,
      filterOut,
    }).segs;
    expect(sum(tile.croppedMask)).toBe(64 * 32);
  });

  it('refuse filters of no picture', () => {
    expect(() =>
      makeTileSegs([1, 64, 64, 3], { ...options, maskIrregularity: 0, filterIn: emptySegs() }),
    ).toThrow('empty SEGS');
  });
});
