// SEGS compared with the Impact Pack's own functions.
import { describe, expect, it } from 'vitest';
import {
  expectExact,
  expectGolden,
  type GoldenCase,
  golden,
  type Params,
} from '../../test/support/golden.ts';
import { makeCropRegion } from './crop-region.ts';
import { dilateSegs, segsBitwiseAndMask, segsBitwiseSubtractMask } from './edit/edit-masks.ts';
import { segsScaleMatch } from './edit/scale-segs.ts';
import { segsToCombinedMask } from './edit/segs-to-masks.ts';
import { maskToSegs } from './make/mask-to-segs.ts';
import { makeTileSegs } from './make/tile-segs.ts';
import type { Segs } from './segs.ts';

const g = golden('masks', 'segs');
const caseOf = (id: string): GoldenCase => g.cases.find((c) => c.id === id)!;

/** The input SEGS of a case. */
function inputOf(c: GoldenCase): Segs {
  const { shape, segs } = c.params.segs as Params;
  return {
    height: shape[0],
    width: shape[1],
    segs: segs.map(({ crop_region, bbox, label, confidence }: Params, i: number) => ({
      croppedMask: g.float(c.inputs[`in_seg${i}_mask`]),
      confidence,
      cropRegion: crop_region,
      bbox,
      label,
    })),
  };
}

const combined = (): Segs => inputOf(caseOf('combined'));

function tiles(c: GoldenCase): Segs {
  const { h = 64, w = 64, bbox_size, crop_factor, min_overlap, filter_segs_dilation } = c.params;
  const filter = c.inputs.filter_mask && g.float(c.inputs.filter_mask);
  return makeTileSegs([1, h, w, 3], {
    bboxSize: bbox_size,
    cropFactor: crop_factor,
    minOverlap: min_overlap,
    filterSegsDilation: filter_segs_dilation,
    filterIn: filter
      ? maskToSegs(filter, { combined: true, cropFactor: 1, bboxFill: false })
      : undefined,
  });
}

const KINDS: Record<string, (c: GoldenCase) => Segs> = {
  mask_to_segs: (c) =>
    maskToSegs(g.float(c.inputs.mask), {
      combined: c.params.combined,
      cropFactor: c.params.crop_factor,
      bboxFill: c.params.bbox_fill,
      dropSize: c.params.drop_size,
      isContour: c.params.is_contour,
    }),
  segs_scale_match: (c) => segsScaleMatch(inputOf(c), [1, ...c.params.target_hw, 3]),
  dilate_segs: (c) => dilateSegs(combined(), c.params.factor),
  segs_bitwise_and_mask: (c) => segsBitwiseAndMask(combined(), g.float(c.inputs.mask)),
  segs_bitwise_subtract_mask: (c) => segsBitwiseSubtractMask(combined(), g.float(c.inputs.mask)),
  MakeTileSEGS: tiles,
};

const kindOf = (c: GoldenCase): string => c.params.fn ?? c.params.node;

function expectSegs(c: GoldenCase, result: Segs): void {
  const { shape, segs } = c.scalars!;
  expect({ height: result.height, width: result.width }, c.id).toEqual({
    height: shape[0],
    width: shape[1],
  });
  expect(
    result.segs.map(({ cropRegion, bbox, label, confidence }) => ({
      crop_region: cropRegion,
      bbox,
      label,
      confidence,
    })),
    c.id,
  ).toEqual(segs);
  result.segs.forEach(({ croppedMask }, i) => {
    const name = c.outputs[`seg${i}_mask`];
    // a resized mask is within the bound of all resizes; everything else is exact
    if (kindOf(c) === 'segs_scale_match') expectGolden(g, c.id, name, croppedMask);
    else {
      expect(croppedMask.shape, `${c.id} ${i}`).toEqual(g.tensor(name).shape);
      expectExact(g, c.id, name, croppedMask.data);
    }
  });
}

describe('masks/segs', () => {
  it('covers all kinds of golden cases', () => {
    expect([...new Set(g.cases.map(kindOf))].sort()).toEqual(
      [...Object.keys(KINDS), 'make_crop_region', 'segs_to_combined_mask'].sort(),
    );
  });

  it.each(Object.keys(KINDS))('%s', (kind) => {
    for (const c of g.cases.filter((c) => kindOf(c) === kind)) expectSegs(c, KINDS[kind](c));
  });

  it('make_crop_region', () => {
    for (const c of g.cases.filter((c) => kindOf(c) === 'make_crop_region')) {
      const { w, h, bbox, crop_factor, crop_min_size } = c.params;
      expect(makeCropRegion(w, h, bbox, crop_factor, crop_min_size ?? undefined), c.id).toEqual(
        c.scalars!.crop_region,
      );
    }
  });

  it('segs_to_combined_mask is exact', () => {
    const c = caseOf('combined');
    expectExact(g, c.id, c.outputs.out, segsToCombinedMask(inputOf(c)).data);
  });
});
