import { describe, expect, it } from 'vitest';
import {
  expectExact,
  type Golden,
  type GoldenCase,
  golden,
  type Params,
} from '../../../test/support/golden.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import { gaussianBlurMask, gaussianKernel } from '../blur/torchvision-mask-blur.ts';
import { outerContours } from './contours.ts';
import {
  addMasks,
  bitwiseAndMasks,
  bytesOf,
  flattenMask,
  subtractMasks,
  toBinaryMask,
} from './impact-mask-arithmetic.ts';
import { dilateMask, erosionMask } from './impact-mask-morphology.ts';

type Operation = (input: (name: string) => Tensor, params: Params) => Tensor;

/** The Impact Pack's functions of the goldens; core-masks.test.ts has ComfyUI's. */
const OPERATIONS: Record<string, Operation> = {
  tensor_gaussian_blur_mask: (x, p) => gaussianBlurMask(x('mask'), p.kernel_size, p.sigma),
  dilate_mask: (x, p) => dilateMask(x('mask'), p.factor),
  'core.erosion_mask (grows!)': (x, p) => erosionMask(x('mask'), p.grow_mask_by),
  to_binary_mask: (x, p) => toBinaryMask(x('mask'), p.threshold),
  add_masks: (x) => addMasks(x('a'), x('b')),
  subtract_masks: (x) => subtractMasks(x('a'), x('b')),
  bitwise_and_masks: (x) => bitwiseAndMasks(x('a'), x('b')),
  flatten_mask: (x) => {
    const [a, b] = [x('a'), x('b')];
    return flattenMask({ shape: [2, ...a.shape], data: Float32Array.of(...a.data, ...b.data) });
  },
};

/** Sizes other than 1: the original's results have one to four axes, ours two or three. */
const sizesOf = (shape: readonly number[]): number[] => shape.filter((d) => d !== 1);

function expectMask(g: Golden, c: GoldenCase, got: Tensor): void {
  expect(sizesOf(got.shape), c.id).toEqual(sizesOf(g.tensor(c.outputs.out).shape));
  expectExact(g, c.id, c.outputs.out, got.data);
}

describe.each(['basic', 'combine'])('masks/%s', (group) => {
  const g = golden('masks', group);
  const ours = g.cases.filter((c) => OPERATIONS[c.params.fn]);

  it.each([...new Set(ours.map((c) => c.params.fn as string))])('%s is exact', (name) => {
    for (const c of ours.filter((c) => c.params.fn === name))
      expectMask(
        g,
        c,
        OPERATIONS[name]((input) => g.float(c.inputs[input]), c.params),
      );
  });
});

it('masks/gauss_kernels: kernels and blurred masks of ones are exact', () => {
  const g = golden('masks', 'gauss_kernels');
  for (const c of g.cases) {
    const { size, sigma } = c.params;
    expectExact(g, c.id, c.outputs.kernel1d, gaussianKernel(size, sigma));
    const blurred = gaussianBlurMask(full([size + 1, size + 1], 1), (size - 1) / 2, sigma).data;
    expectExact(g, c.id, c.outputs.ones, [blurred[0]]);
    expect(
      blurred.every((v) => v === blurred[0]),
      c.id,
    ).toBe(true);
  }
});

describe('gaussianBlurMask', () => {
  const noise = (n: number, h: number, w: number): Tensor => {
    let state = 1;
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    return { shape: [n, h, w], data: Float32Array.from({ length: n * h * w }, next) };
  };

  it('blurs each mask of a batch separately, with torch’s rounding for batches', () => {
    const batch = noise(2, 20, 30);
    const one = (i: number): Tensor => ({
      shape: [1, 20, 30],
      data: batch.data.subarray(i * 600, (i + 1) * 600),
    });
    const both = gaussianBlurMask(batch, 3).data;
    expect(both).toEqual(
      Float32Array.of(...gaussianBlurMask(one(0), 3).data, ...gaussianBlurMask(one(1), 3).data),
    );
    // a kernel of 3: torch.equal(conv2d(batch)[0], conv2d(batch[:1])[0]) is False
    const small = gaussianBlurMask(batch, 1).data.slice(0, 600);
    expect(small).not.toEqual(gaussianBlurMask(one(0), 1).data);
  });

  it('returns empty and tiny masks unchanged', () => {
    expect(gaussianBlurMask(full([3, 9], 1), 5).data).toEqual(full([3, 9], 1).data);
    expect(gaussianBlurMask(full([1, 0, 0], 1), 5).data.length).toBe(0);
  });
});

describe('dilateMask', () => {
  it('treats a batch as one image with channels, as OpenCV does', () => {
    // cv2.dilate(numpy.eye(3)[:, None].repeat(2, 1), numpy.ones((2, 2))): rows 0 and 1 grow
    // downwards over the batch
    const batch: Tensor = {
      shape: [3, 2, 3],
      data: Float32Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1),
    };
    expect([...dilateMask(batch, 2).data]).toEqual([
      1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1,
    ]);
  });

  it('refuses a batch of masks wider than 512 pixels', () => {
    expect(() => dilateMask(full([2, 4, 600], 0), 3)).toThrow('at most 512');
  });
});

describe('outerContours', () => {
  const draw = (...rows: string[]) =>
    outerContours(
      Uint8Array.from(rows.join(''), (c) => Number(c !== '.')),
      rows.length,
      rows[0].length,
    );

  it('joins pixels that touch at corners, fills holes, and lists the last contour first', () => {
    // cv2.findContours(m, RETR_TREE, CHAIN_APPROX_SIMPLE) and drawContours of those without a
    // parent
    const { contours, labels } = draw(
      '#....',
      '.#...',
      '.....',
      '#####',
      '#...#',
      '#.#.#',
      '#...#',
      '#####',
    );
    expect(contours).toEqual([
      { x: 0, y: 3, width: 5, height: 5, label: 2 },
      { x: 0, y: 0, width: 2, height: 2, label: 1 },
    ]);
    expect([...labels.slice(0, 10)]).toEqual([1, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect(labels.slice(15).every((label) => label === 2)).toBe(true);
  });

  it('fills a ring whose pixels touch only at corners', () => {
    expect([...draw('.#.', '#.#', '.#.').labels]).toEqual([0, 1, 0, 1, 1, 1, 0, 1, 0]);
  });
});

it('handles masks of 2048x2048 pixels', () => {
  const side = 2048;
  const data = new Float32Array(side * side);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    data[i] = Math.min(1, Math.max(0, (700 - Math.sqrt((x - 1000) ** 2 + (y - 1100) ** 2)) / 40));
  }
  const disc: Tensor = { shape: [side, side], data };
  expect(gaussianBlurMask(disc, 20).shape).toEqual([1, side, side]);
  expect(dilateMask(disc, 20).shape).toEqual([side, side]);
  expect(outerContours(bytesOf(data), side, side).contours).toHaveLength(1);
});
