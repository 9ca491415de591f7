// The SEGS nodes: results of the original, and what the nodes add to the functions they call.
import { describe, expect, it } from 'vitest';
import { expectExact, golden } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { labelsOf, maskSums, segment, sumOf } from '../../../../../test/support/segs.ts';
import type { Seg, Segs } from '../../../../segs/segs.ts';
import { full, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import { NODES, REFUSED } from '../../../index.ts';

const context = testContext();
const run = async (type: string, inputs: Record<string, unknown>): Promise<readonly unknown[]> =>
  runNode(type, inputs, context);
const first = async <T>(type: string, inputs: Record<string, unknown>): Promise<T> =>
  (await run(type, inputs))[0] as T;

/** SEGS of an image of 20x16. */
const segsOf = (...segs: Seg[]): Segs => ({ height: 16, width: 20, segs });
const segs = segsOf(segment([0, 0, 4, 4], { label: 'a' }), segment([6, 6, 16, 12], { label: 'b' }));
const noSegs = segsOf();
const shapesOf = (images: readonly Tensor[]) => images.map(({ shape }) => shape);

it("MaskToSEGS and ImpactMakeTileSEGS return the original's SEGS (masks/segs)", async () => {
  const g = golden('masks', 'segs');
  const tiles = g.cases.filter((c) => c.params.node === 'MakeTileSEGS' && !c.inputs.filter_mask);
  const masks = g.cases.filter(
    (c) =>
      c.params.fn === 'mask_to_segs' &&
      c.params.drop_size >= 1 &&
      g.float(c.inputs.mask).shape.length === 2,
  );
  expect(tiles.length).toBeGreaterThan(3);
  expect(masks.length).toBeGreaterThan(20);
  for (const c of [...tiles, ...masks]) {
    const { h = 64, w = 64, is_contour, drop_size, ...params } = c.params;
    const result = c.params.node
      ? await first<Segs>('ImpactMakeTileSEGS', {
          images: zeros([1, h, w, 3]),
          mask_irregularity: 0,
          irregular_mask_mode: 'Reuse fast',
          ...params,
        })
      : await first<Segs>('MaskToSEGS', {
          mask: g.float(c.inputs.mask),
          ...params,
          drop_size,
          contour_fill: is_contour ?? true,
        });
    expect(
      result.segs.map(({ cropRegion, bbox }) => ({ cropRegion, bbox })),
      c.id,
    ).toEqual(
      c.scalars!.segs.map((s: { crop_region: number[]; bbox: number[] }) => ({
        cropRegion: s.crop_region,
        bbox: s.bbox,
      })),
    );
    for (const [i, { croppedMask }] of result.segs.entries())
      expectExact(g, c.id, c.outputs[`seg${i}_mask`], croppedMask.data);
  }
});

describe('segments', () => {
  it('are decomposed and assembled', async () => {
    const [header, elements] = await run('ImpactDecomposeSEGS', { segs });
    expect(header).toEqual([16, 20]);
    expect(elements).toEqual(segs.segs);
    const assembled = { seg_header: [header], seg_elt: [segs.segs[1]] };
    expect(await first<Segs>('ImpactAssembleSEGS', assembled)).toEqual(segsOf(segs.segs[1]));
  });

  it('are separated into their values', async () => {
    const values = await run('ImpactFrom_SEG_ELT', { seg_elt: segs.segs[1] });
    const [seg, image, mask, cropRegion, bbox, controlNet, confidence, label] = values;
    expect({ seg, image, cropRegion, bbox, controlNet, confidence, label }).toEqual({
      seg: segs.segs[1],
      image: undefined,
      cropRegion: [6, 6, 16, 12],
      bbox: [6, 6, 16, 12],
      controlNet: undefined,
      confidence: 0.5,
      label: 'b',
    });
    expect((mask as Tensor).shape).toEqual([1, 6, 10]);
    expect(await run('ImpactFrom_SEG_ELT_bbox', { bbox })).toEqual([6, 6, 16, 12]);
    expect(await run('ImpactFrom_SEG_ELT_crop_region', { crop_region: cropRegion })).toEqual([
      6, 6, 16, 12,
    ]);
  });

  it('are edited', async () => {
    const edited = await first<Seg>('ImpactEdit_SEG_ELT', {
      seg_elt: segs.segs[1],
      cropped_mask_opt: full([1, 6, 10], 0.5),
      label_opt: 'c',
      confidence_opt: 0,
    });
    expect(edited.croppedMask.shape).toEqual([6, 10]);
    expect(edited).toMatchObject({ label: 'c', confidence: 0, bbox: [6, 6, 16, 12] });
    const assembled = { seg_header: [[16, 20]], seg_elt: [edited] };
    expect(await first<Segs>('ImpactAssembleSEGS', assembled)).toEqual(segsOf(edited));
  });

  it('have their masks dilated and their bboxes scaled', async () => {
    const inputs = { seg_elt: segs.segs[1], dilation: 3 };
    const dilated = await first<Seg>('ImpactDilate_Mask_SEG_ELT', inputs);
    expect(dilated.croppedMask.shape).toEqual([6, 10]);
    const scaling = { seg: segs.segs[1], scale_by: 0.5 };
    const scaled = await first<Seg>('ImpactScaleBy_BBOX_SEG_ELT', scaling);
    expect(scaled.bbox).toEqual([8, 7, 14, 11]);
  });

  it('are counted', async () => {
    expect(await run('ImpactCount_Elts_in_SEGS', { segs })).toEqual([2]);
    expect(await run('ImpactIsNotEmptySEGS', { segs: noSegs })).toEqual([false]);
    expect(await run('EmptySegs', {})).toEqual([{ height: 0, width: 0, segs: [] }]);
  });

  it('are concatenated and merged', async () => {
    const lists = { segs1: noSegs, segs3: segs, segs2: segs };
    expect((await first<Segs>('ImpactSEGSConcat', lists)).segs).toHaveLength(4);
    expect(labelsOf(await first<Segs>('ImpactSEGSMerge', { segs }))).toEqual(['merged']);
  });

  it('are picked from images that are sent to the editor', async () => {
    const pickerContext = testContext();
    const inputs = { picks: '2', segs, fallback_image_opt: full([1, 16, 20, 3], 1) };
    const [picked] = await runNode('ImpactSEGSPicker', inputs, pickerContext);
    expect(labelsOf(picked as Segs)).toEqual(['b']);
    const images = [1, 2].map((i) => ({
      filename: expect.stringContaining(`_0000${i}_.png`),
      subfolder: '',
      type: 'temp',
    }));
    expect(pickerContext.messages).toEqual([
      { event: 'darkroom/segs-picker', data: { node: '1', images } },
    ]);
  });
});

describe('SEGS and masks', () => {
  const leftHalf: Tensor = {
    shape: [1, 16, 20],
    data: Float32Array.from({ length: 320 }, (_, i) => Number(i % 20 < 10)),
  };

  it.each(['ImpactSegsAndMask', 'Segs & Mask'])('%s combines each segment', async (type) => {
    expect(maskSums(await first<Segs>(type, { segs, mask: leftHalf }))).toEqual([16, 24]);
  });

  it('ImpactSegsAndMaskForEach drops segments without a mask', async () => {
    const result = await first<Segs>('ImpactSegsAndMaskForEach', { segs, masks: leftHalf });
    expect(maskSums(result)).toEqual([16]);
  });

  it('SEGS are intersected with and subtracted from SEGS', async () => {
    const inputs = { base_segs: segs, mask_segs: segsOf(segment([0, 0, 2, 4])) };
    expect(maskSums(await first<Segs>('BitwiseAndMaskForEach', inputs))).toEqual([8, 0]);
    expect(maskSums(await first<Segs>('SubtractMaskForEach', inputs))).toEqual([8, 60]);
  });

  it('SEGS become one mask, at the size of an image', async () => {
    expect(sumOf(await first<Tensor>('SegsToCombinedMask', { segs }))).toBe(76);
    const inputs = { segs, image: zeros([1, 30, 40, 3]) };
    expect((await first<Tensor>('SegsMaskCombine', inputs)).shape).toEqual([1, 30, 40]);
  });
});

describe('images of SEGS', () => {
  it('are pasted', async () => {
    const pasted = await first<Tensor>('SEGSPaste', {
      image: zeros([1, 16, 20, 3]),
      segs,
      feather: 0,
      alpha: 255,
      ref_image_opt: full([1, 16, 20, 3], 1),
    });
    expect(sumOf(pasted)).toBe(76 * 3);
  });

  it('are set, listed and removed', async () => {
    const image = full([1, 16, 20, 3], 0.5);
    const inputs = { segs, image, override: true };
    const withImages = await first<Segs>('SetDefaultImageForSEGS', inputs);
    const images = await first<Tensor[]>('SEGSToImageList', { segs: withImages });
    expect(shapesOf(images)).toEqual([
      [1, 4, 4, 3],
      [1, 6, 10, 3],
    ]);
    const removed = await first<Segs>('RemoveImageFromSEGS', { segs: withImages });
    expect(removed.segs[0].croppedImage).toBeUndefined();
  });
});

describe('filters and labels', () => {
  it('ImpactSEGSOrderedFilter outputs the selected and the other segments', async () => {
    const order = { target: 'width', order: true, take_start: 0, take_count: 1 };
    const [filtered, remained] = await run('ImpactSEGSOrderedFilter', { segs, ...order });
    expect(labelsOf(filtered as Segs)).toEqual(['b']);
    expect(labelsOf(remained as Segs)).toEqual(['a']);
  });

  it('ImpactSEGSRangeFilter selects segments outside a range', async () => {
    const range = { target: 'area(=w*h)', mode: false, min_value: 20, max_value: 100 };
    const filtered = await first<Segs>('ImpactSEGSRangeFilter', { segs, ...range });
    expect(labelsOf(filtered)).toEqual(['a']);
  });

  it('ImpactSEGSLabelFilter selects labels', async () => {
    const inputs = { segs, preset: 'all', labels: ' b' };
    expect((await first<Segs>('ImpactSEGSLabelFilter', inputs)).segs).toHaveLength(1);
  });

  it('ImpactSEGSLabelAssign assigns labels in order', async () => {
    const labelled = await first<Segs>('ImpactSEGSLabelAssign', { segs, labels: 'x,y' });
    expect(labelsOf(labelled)).toEqual(['x', 'y']);
  });
});

it('ragged tiles are the same in each run', async () => {
  const tiles = {
    images: zeros([1, 96, 96, 3]),
    bbox_size: 64,
    crop_factor: 1.5,
    min_overlap: 8,
    filter_segs_dilation: 0,
  };
  const make = () =>
    first<Segs>('ImpactMakeTileSEGS', {
      ...tiles,
      mask_irregularity: 0.5,
      irregular_mask_mode: 'Reuse fast',
    });
  expect(await make()).toEqual(await make());
});

describe('previews', () => {
  const image = full([1, 16, 20, 3], 0.5);
  const runWhole = async (type: string, inputs: object) =>
    NODES.get(type)!.run(inputs as never, testContext());

  it('show the segments with their masks', async () => {
    const inputs = { segs, alpha_mode: true, min_alpha: 0.2, fallback_image_opt: image };
    const { outputs, ui } = await runWhole('SEGSPreview', inputs);
    expect(shapesOf(outputs[0] as Tensor[])).toEqual([
      [1, 4, 4, 3],
      [1, 6, 10, 3],
    ]);
    expect(ui!.images).toHaveLength(2);
    expect(ui!.images[0]).toMatchObject({ type: 'temp' });
  });

  it('show the control images, until the ControlNets are removed', async () => {
    const controlled = await first<Segs>('ImpactControlNetApplyAdvancedSEGS', {
      segs,
      control_net: {},
      strength: 1,
      start_percent: 0,
      end_percent: 1,
      control_image: image,
    });
    const { outputs } = await runWhole('SEGSPreviewCNet', { segs: controlled });
    expect(outputs[0]).toHaveLength(2);
    const cleared = await first<Segs>('ImpactControlNetClearSEGS', { segs: controlled });
    expect(cleared.segs[0].controlNetWrapper).toBeUndefined();
  });
});

it.each(['MMDetLoader', 'ImpactIPAdapterApplySEGS'])('%s is refused', (type) => {
  expect(REFUSED.has(type)).toBe(true);
});

it('no type is both built in and refused', () => {
  expect([...REFUSED.keys()].filter((type) => NODES.has(type))).toEqual([]);
});
