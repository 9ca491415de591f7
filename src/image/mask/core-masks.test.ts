import { describe, expect, it } from 'vitest';
import {
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
  type Params,
} from '../../../test/support/golden.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import { compositeImages, compositeMasked, featherComposite } from '../compose/composite.ts';
import { blendImages } from '../compose/image-blend.ts';
import { padForOutpaint } from '../compose/outpaint-padding.ts';
import { pasteMasked } from '../compose/paste.ts';
import {
  compositeMasks,
  cropMask,
  featherMask,
  growMask,
  invert,
  prepareMask,
  thresholdMask,
} from './core-masks.ts';
import { colorToMask, imageToMask, maskToImage } from './mask-conversions.ts';

type Operation = (
  input: (name: string) => Tensor,
  params: Params,
  inputs: Record<string, string>,
) => Tensor;

/** Our function for each node or function of the goldens. */
const OPERATIONS: Record<string, Operation> = {
  'comfy.sampler_helpers.prepare_mask': (x, p) => prepareMask(x('mask'), p.shape),
  LatentCompositeMasked: (x, p, inputs) =>
    compositeMasked(x('destination'), x('source'), {
      x: p.x,
      y: p.y,
      mask: inputs.mask ? x('mask') : undefined,
      scale: 8,
      resizeSource: p.resize_source,
    }),
  LatentComposite: (x, p) =>
    featherComposite(x('samples_to'), x('samples_from'), {
      x: Math.floor(p.x / 8),
      y: Math.floor(p.y / 8),
      feather: Math.floor(p.feather / 8),
    }),
  ImageCompositeMasked: (x, p, inputs) =>
    compositeImages(x('destination'), x('source'), {
      x: p.x,
      y: p.y,
      mask: inputs.mask ? x('mask') : undefined,
      resizeSource: p.resize_source,
    }),
  tensor_paste: (x, p) => {
    const mask = x('mask');
    const nhw1 = { shape: [1, ...mask.shape.slice(-2), 1], data: mask.data };
    return pasteMasked(x('image1'), x('image2'), { left: p.left_top[0], top: p.left_top[1] }, nhw1);
  },
  MaskComposite: (x, p) =>
    compositeMasks(x('destination'), x('source'), { x: p.x, y: p.y }, p.operation),
  GrowMask: (x, p) => growMask(x('mask'), p.expand, p.tapered_corners),
  FeatherMask: (x, p) => featherMask(x('mask'), p as never, false),
  InvertMask: (x) => invert(x('mask')),
  CropMask: (x, p) =>
    cropMask(x('mask'), { left: p.x, top: p.y, width: p.width, height: p.height }),
  ThresholdMask: (x, p) => thresholdMask(x('mask'), p.value),
};

/** Functions of the Impact Pack, which impact-masks.test.ts tests, by group. */
const IMPACT_FUNCTIONS: Record<string, readonly string[]> = {
  basic: [
    'tensor_gaussian_blur_mask',
    'dilate_mask',
    'core.erosion_mask (grows!)',
    'to_binary_mask',
  ],
  composite: [],
  combine: ['add_masks', 'subtract_masks', 'bitwise_and_masks', 'flatten_mask'],
};

const operationOf = (c: GoldenCase): string => c.params.fn ?? c.params.node;

/** Compares values and the last two sizes: our results have a batch axis that some goldens lack. */
function expectMask(g: Golden, c: GoldenCase, got: Tensor): void {
  const expected = g.tensor(c.outputs.out).shape;
  expect(got.shape.slice(-2), c.id).toEqual(expected.slice(-2));
  expectGolden(g, c.id, c.outputs.out, got.data);
}

describe.each(Object.keys(IMPACT_FUNCTIONS))('masks/%s', (group) => {
  const g = golden('masks', group);
  const impact = IMPACT_FUNCTIONS[group];
  const names = [...new Set(g.cases.map(operationOf))];

  it('has no cases besides these and the Impact Pack’s', () => {
    expect(names.filter((name) => !OPERATIONS[name])).toEqual(impact);
  });

  it.each(names.filter((name) => !impact.includes(name)))('%s', (name) => {
    for (const c of g.cases.filter((c) => operationOf(c) === name))
      expectMask(
        g,
        c,
        OPERATIONS[name]((input) => g.float(c.inputs[input]), c.params, c.inputs),
      );
  });
});

const image = (channels: number, ...values: number[]): Tensor => ({
  shape: [1, 1, values.length / channels, channels],
  data: Float32Array.from(values),
});

describe('mask conversions', () => {
  it('convert to images and back', () => {
    const mask: Tensor = { shape: [2, 2], data: Float32Array.from([0, 0.25, 0.5, 1]) };
    const grey = maskToImage(mask);
    expect(grey.shape).toEqual([1, 2, 2, 3]);
    expect(imageToMask(grey, 'blue')).toEqual({ shape: [1, 2, 2], data: mask.data });
    expect(() => imageToMask(grey, 'alpha')).toThrow('no alpha channel');
  });

  it('find the pixels of a colour after rounding to 8 bits', () => {
    const x = image(3, 1, 0, 0, 0.999, 0.001, 0, 0.99, 0, 0);
    expect([...colorToMask(x, 0xff0000).data]).toEqual([1, 1, 0]);
  });
});

describe('featherMask', () => {
  it('does not change its input', () => {
    const mask = full([1, 4, 4], 1);
    featherMask(mask, { left: 2, top: 2, right: 2, bottom: 2 }, false);
    expect(mask.data.every((v) => v === 1)).toBe(true);
  });
});

describe('compositeMasks', () => {
  it('combines masks only where they overlap', () => {
    const mask = full([1, 2, 2], 0.5);
    expect([...compositeMasks(mask, full([1, 2, 2], 1), { x: 1, y: 1 }, 'add').data]).toEqual([
      0.5, 0.5, 0.5, 1,
    ]);
    expect([...compositeMasks(mask, full([1, 2, 2], 1), { x: 5, y: 5 }, 'add').data]).toEqual([
      0.5, 0.5, 0.5, 0.5,
    ]);
  });

  it('refuses unequal batches', () => {
    expect(() =>
      compositeMasks(full([2, 2, 2], 1), full([3, 2, 2], 1), { x: 0, y: 0 }, 'add'),
    ).toThrow('batch of 3');
  });
});

describe('blendImages', () => {
  // ((a, b) -> torch expressions of ImageBlend) at a = .2 .8, b = .3 .6, blend_factor 1
  const a = image(1, 0.2, 0.8);
  const b = image(1, 0.3, 0.6);
  it.each([
    ['normal', [0.3, 0.6]],
    ['multiply', [0.06, 0.48]],
    ['screen', [0.44, 0.92]],
    ['overlay', [0.12, 0.84]],
    ['soft_light', [0.136, 0.8 + 0.2 * (Math.sqrt(0.8) - 0.8)]],
    ['difference', [0, 0.2]],
  ] as const)('%s', (mode, expected) => {
    const got = blendImages(a, b, 1, mode).data;
    expected.forEach((v, i) => {
      expect(got[i]).toBeCloseTo(v, 6);
    });
  });

  it('mixes by the factor with a second image of another size', () => {
    expect(blendImages(a, full([1, 4, 8, 1], 1), 0.5, 'normal').data[0]).toBeCloseTo(0.6, 6);
  });

  it('repeats a single first image for a batch of second images', () => {
    expect(blendImages(a, full([3, 1, 2, 3], 1), 0, 'normal').shape).toEqual([3, 1, 2, 1]);
  });
});

it('pads an image for outpainting with a mask that fades into it', () => {
  const { image: padded, mask } = padForOutpaint(
    full([1, 5, 6, 3], 1),
    { left: 2, top: 0, right: 0, bottom: 1 },
    2,
  );
  expect(padded.shape).toEqual([1, 6, 8, 3]);
  expect(padded.data.slice(0, 9)).toEqual(
    Float32Array.from([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 1, 1]),
  );
  // v = (feathering - min(distances)) / feathering, squared; the bottom distance starts at 1
  expect([...mask.data.slice(0, 8)]).toEqual([1, 1, 1, 0.25, 0, 0, 0, 0]);
  expect([...mask.data.slice(32, 48)]).toEqual([
    1, 1, 1, 0.25, 0.25, 0.25, 0.25, 0.25, 1, 1, 1, 1, 1, 1, 1, 1,
  ]);
});
