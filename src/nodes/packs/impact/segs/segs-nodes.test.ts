// The nodes on masks and SEGS through their declarations: the original's masks, and what the nodes
// add to the functions they call.
import { expect, it } from 'vitest';
import { expectExact, golden } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import type { Seg, Segs } from '../../../../segs/segs.ts';
import { full, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import { NODES, REFUSED } from '../../../index.ts';

const context = testContext();
const run = async (type: string, inputs: Record<string, unknown>): Promise<readonly unknown[]> =>
  runNode(type, inputs, context);
const first = async <T>(type: string, inputs: Record<string, unknown>): Promise<T> =>
  (await run(type, inputs))[0] as T;

const seg = (x1: number, y1: number, x2: number, y2: number, label = 'A'): Seg => ({
  croppedMask: full([y2 - y1, x2 - x1], 1),
  confidence: 0.5,
  cropRegion: [x1, y1, x2, y2],
  bbox: [x1, y1, x2, y2],
  label,
});
const of = (...segs: Seg[]): Segs => ({ height: 16, width: 20, segs });
const segs = of(seg(0, 0, 4, 4, 'a'), seg(6, 6, 16, 12, 'b'));
const sum = ({ data }: Tensor): number => data.reduce((a, b) => a + b, 0);

it("masks/segs: the original's SEGS of masks and tiles", async () => {
  const g = golden('masks', 'segs');
  const tiles = g.cases.filter((c) => c.params.node === 'MakeTileSEGS' && !c.inputs.filter_mask);
  const masks = g.cases.filter(
    (c) =>
      c.params.fn === 'mask_to_segs' &&
      c.params.drop_size >= 1 &&
      g.float(c.inputs.mask).shape.length === 2,
  );
  expect([tiles.length > 3, masks.length > 20]).toEqual([true, true]);
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

it('masks/basic, combine: dilation, blur, thresholds and arithmetic', async () => {
  const NODE: Record<
    string,
    [
      type: string,
      inputs: (
        mask: (name: string) => Tensor,
        p: Record<string, number>,
      ) => Record<string, unknown>,
    ]
  > = {
    dilate_mask: ['ImpactDilateMask', (mask, p) => ({ mask: mask('mask'), dilation: p.factor })],
    tensor_gaussian_blur_mask: [
      'ImpactGaussianBlurMask',
      (mask, p) => ({ mask: mask('mask'), kernel_size: p.kernel_size, sigma: p.sigma }),
    ],
    add_masks: ['AddMask', (mask) => ({ mask1: mask('a'), mask2: mask('b') })],
    subtract_masks: ['SubtractMask', (mask) => ({ mask1: mask('a'), mask2: mask('b') })],
    bitwise_and_masks: ['BitwiseAndMask', (mask) => ({ mask1: mask('a'), mask2: mask('b') })],
  };
  for (const group of ['basic', 'combine']) {
    const g = golden('masks', group);
    for (const c of g.cases.filter((c) => NODE[c.params.fn])) {
      const [type, inputs] = NODE[c.params.fn];
      const result = await first<Tensor>(
        type,
        inputs((name) => g.float(c.inputs[name]), c.params),
      );
      expectExact(g, c.id, c.outputs.out, result.data);
    }
  }
});

it('lists of masks and pictures become batches at the size of the first', async () => {
  const masks = await first<Tensor>('MaskListToMaskBatch', {
    mask: [full([4, 6], 1), full([1, 4, 6], 0), full([2, 8, 12], 1)],
  });
  expect([masks.shape, sum(masks)]).toEqual([[4, 4, 6], 72]);
  expect((await first<Tensor>('MaskListToMaskBatch', { mask: [] })).shape).toEqual([1, 64, 64]);
  const pictures = await first<Tensor>('ImageListToImageBatch', {
    images: [zeros([1, 4, 6, 3]), zeros([1, 8, 8, 3])],
  });
  expect(pictures.shape).toEqual([2, 4, 6, 3]);
  expect((await first<Tensor[]>('MasksToMaskList', { masks })).map(({ shape }) => shape)).toEqual(
    new Array(4).fill([1, 4, 6]),
  );
  expect(Math.max(...(await first<Tensor>('ImpactFlattenMask', { masks })).data)).toBe(255);
});

it('parts are taken out, changed and put back', async () => {
  const [header, elements] = await run('ImpactDecomposeSEGS', { segs });
  expect([header, elements]).toEqual([[16, 20], segs.segs]);
  const [, image, mask, region, bbox, net, confidence, label] = await run('ImpactFrom_SEG_ELT', {
    seg_elt: segs.segs[1],
  });
  expect([image, (mask as Tensor).shape, net, confidence, label]).toEqual([
    undefined,
    [1, 6, 10],
    undefined,
    0.5,
    'b',
  ]);
  expect(await run('ImpactFrom_SEG_ELT_bbox', { bbox })).toEqual([6, 6, 16, 12]);
  expect(await run('ImpactFrom_SEG_ELT_crop_region', { crop_region: region })).toEqual([
    6, 6, 16, 12,
  ]);
  const edited = await first<Seg>('ImpactEdit_SEG_ELT', {
    seg_elt: segs.segs[1],
    cropped_mask_opt: full([1, 6, 10], 0.5),
    label_opt: 'c',
    confidence_opt: 0,
  });
  expect([edited.croppedMask.shape, edited.label, edited.confidence, edited.bbox]).toEqual([
    [6, 10],
    'c',
    0,
    [6, 6, 16, 12],
  ]);
  const smaller = await first<Seg>('ImpactDilate_Mask_SEG_ELT', { seg_elt: edited, dilation: 3 });
  expect(smaller.croppedMask.shape).toEqual([6, 10]);
  expect(
    (await first<Seg>('ImpactScaleBy_BBOX_SEG_ELT', { seg: segs.segs[1], scale_by: 0.5 })).bbox,
  ).toEqual([8, 7, 14, 11]);
  expect(
    await first<Segs>('ImpactAssembleSEGS', { seg_header: [[16, 20]], seg_elt: [edited] }),
  ).toEqual(of(edited));
});

it('SEGS are counted, joined, cut and pasted', async () => {
  expect(await run('ImpactCount_Elts_in_SEGS', { segs })).toEqual([2]);
  expect(await run('ImpactIsNotEmptySEGS', { segs: of() })).toEqual([false]);
  expect(await run('EmptySegs', {})).toEqual([{ height: 0, width: 0, segs: [] }]);
  expect(
    (await first<Segs>('ImpactSEGSConcat', { segs1: of(), segs3: segs, segs2: segs })).segs.length,
  ).toBe(4);
  expect((await first<Segs>('ImpactSEGSMerge', { segs })).segs[0].label).toBe('merged');
  const offering = testContext();
  const [picked] = await runNode(
    'ImpactSEGSPicker',
    { picks: '2', segs, fallback_image_opt: full([1, 16, 20, 3], 1) },
    offering,
  );
  expect((picked as Segs).segs[0].label).toBe('b');
  expect(offering.messages).toEqual([
    {
      event: 'darkroom/segs-picker',
      data: {
        node: '1',
        images: [1, 2].map((i) => ({
          filename: expect.stringContaining(`_0000${i}_.png`),
          subfolder: '',
          type: 'temp',
        })),
      },
    },
  ]);
  const half: Tensor = {
    shape: [1, 16, 20],
    data: Float32Array.from({ length: 320 }, (_, i) => Number(i % 20 < 10)),
  };
  for (const type of ['ImpactSegsAndMask', 'Segs & Mask'])
    expect(
      (await first<Segs>(type, { segs, mask: half })).segs.map((s) => sum(s.croppedMask)),
      type,
    ).toEqual([16, 24]);
  expect(
    (await first<Segs>('ImpactSegsAndMaskForEach', { segs, masks: half })).segs.map((s) =>
      sum(s.croppedMask),
    ),
  ).toEqual([16]);
  const other = of(seg(0, 0, 2, 4));
  expect(
    (await first<Segs>('BitwiseAndMaskForEach', { base_segs: segs, mask_segs: other })).segs.map(
      (s) => sum(s.croppedMask),
    ),
  ).toEqual([8, 0]);
  expect(
    (await first<Segs>('SubtractMaskForEach', { base_segs: segs, mask_segs: other })).segs.map(
      (s) => sum(s.croppedMask),
    ),
  ).toEqual([8, 60]);
  expect(sum(await first<Tensor>('SegsToCombinedMask', { segs }))).toBe(76);
  expect(
    (await first<Tensor>('SegsMaskCombine', { segs, image: zeros([1, 30, 40, 3]) })).shape,
  ).toEqual([1, 30, 40]);
  const white = await first<Tensor>('SEGSPaste', {
    image: zeros([1, 16, 20, 3]),
    segs,
    feather: 0,
    alpha: 255,
    ref_image_opt: full([1, 16, 20, 3], 1),
  });
  expect(sum(white)).toBe(76 * 3);
  const pictured = await first<Segs>('SetDefaultImageForSEGS', {
    segs,
    image: full([1, 16, 20, 3], 0.5),
    override: true,
  });
  expect(
    (await first<Tensor[]>('SEGSToImageList', { segs: pictured })).map(({ shape }) => shape),
  ).toEqual([
    [1, 4, 4, 3],
    [1, 6, 10, 3],
  ]);
  expect(
    (await first<Segs>('RemoveImageFromSEGS', { segs: pictured })).segs[0].croppedImage,
  ).toBeUndefined();
});

it('SEGS are filtered and labelled', async () => {
  const wide = { target: 'width', order: true, take_start: 0, take_count: 1 };
  expect(
    (await run('ImpactSEGSOrderedFilter', { segs, ...wide })).map((s) =>
      (s as Segs).segs.map(({ label }) => label),
    ),
  ).toEqual([['b'], ['a']]);
  const range = { target: 'area(=w*h)', mode: false, min_value: 20, max_value: 100 };
  expect(
    (await first<Segs>('ImpactSEGSRangeFilter', { segs, ...range })).segs.map(({ label }) => label),
  ).toEqual(['a']);
  expect(
    (await first<Segs>('ImpactSEGSLabelFilter', { segs, preset: 'all', labels: ' b' })).segs.length,
  ).toBe(1);
  expect(
    (await first<Segs>('ImpactSEGSLabelAssign', { segs, labels: 'x,y' })).segs.map(
      ({ label }) => label,
    ),
  ).toEqual(['x', 'y']);
});

it('ragged tiles are the same every time', async () => {
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

it('previews show parts with their masks, and the pictures of their ControlNets', async () => {
  const shown = testContext();
  const image = full([1, 16, 20, 3], 0.5);
  const node = NODES.get('SEGSPreview')!;
  const { outputs, ui } = await node.run(
    { segs, alpha_mode: true, min_alpha: 0.2, fallback_image_opt: image } as never,
    shown,
  );
  expect((outputs[0] as Tensor[]).map(({ shape }) => shape)).toEqual([
    [1, 4, 4, 3],
    [1, 6, 10, 3],
  ]);
  expect(ui!.images.length).toBe(2);
  expect(ui!.images[0]).toMatchObject({ type: 'temp' });
  const wired = await first<Segs>('ImpactControlNetApplyAdvancedSEGS', {
    ...{ segs, control_net: {}, strength: 1, start_percent: 0, end_percent: 1 },
    control_image: image,
  });
  const nets = await NODES.get('SEGSPreviewCNet')!.run({ segs: wired } as never, shown);
  expect((nets.outputs[0] as Tensor[]).length).toBe(2);
  expect(
    (await first<Segs>('ImpactControlNetClearSEGS', { segs: wired })).segs[0].controlNetWrapper,
  ).toBeUndefined();
});

it('what is not read is refused by name, and nothing is both', () => {
  for (const type of ['MMDetLoader', 'ImpactIPAdapterApplySEGS'])
    expect(REFUSED.has(type), type).toBe(true);
  expect([...REFUSED.keys()].filter((type) => NODES.has(type))).toEqual([]);
});
