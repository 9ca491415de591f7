// The nodes on masks, and on lists of masks and images.
import { expect, it } from 'vitest';
import { expectExact, golden } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { sumOf } from '../../../../../test/support/segs.ts';
import { full, type Tensor, zeros } from '../../../../tensor/tensor.ts';

const context = testContext();
const first = async <T>(type: string, inputs: Record<string, unknown>): Promise<T> =>
  (await runNode(type, inputs, context))[0] as T;

type MakeInputs = (
  mask: (name: string) => Tensor,
  params: Record<string, number>,
) => Record<string, unknown>;

it("mask nodes return the original's masks (masks/basic, masks/combine)", async () => {
  const NODES_OF_FUNCTIONS: Readonly<Record<string, [type: string, inputs: MakeInputs]>> = {
    dilate_mask: [
      'ImpactDilateMask',
      (mask, params) => ({ mask: mask('mask'), dilation: params.factor }),
    ],
    tensor_gaussian_blur_mask: [
      'ImpactGaussianBlurMask',
      (mask, params) => ({
        mask: mask('mask'),
        kernel_size: params.kernel_size,
        sigma: params.sigma,
      }),
    ],
    add_masks: ['AddMask', (mask) => ({ mask1: mask('a'), mask2: mask('b') })],
    subtract_masks: ['SubtractMask', (mask) => ({ mask1: mask('a'), mask2: mask('b') })],
    bitwise_and_masks: ['BitwiseAndMask', (mask) => ({ mask1: mask('a'), mask2: mask('b') })],
  };
  for (const group of ['basic', 'combine']) {
    const g = golden('masks', group);
    for (const c of g.cases.filter((c) => NODES_OF_FUNCTIONS[c.params.fn])) {
      const [type, inputs] = NODES_OF_FUNCTIONS[c.params.fn];
      const result = await first<Tensor>(
        type,
        inputs((name) => g.float(c.inputs[name]), c.params),
      );
      expectExact(g, c.id, c.outputs.out, result.data);
    }
  }
});

it('masks are joined at the size of the first one', async () => {
  const masks = await first<Tensor>('MaskListToMaskBatch', {
    mask: [full([4, 6], 1), full([1, 4, 6], 0), full([2, 8, 12], 1)],
  });
  expect(masks.shape).toEqual([4, 4, 6]);
  expect(sumOf(masks)).toBe(72);
});

it('an empty list of masks becomes an empty mask', async () => {
  expect((await first<Tensor>('MaskListToMaskBatch', { mask: [] })).shape).toEqual([1, 64, 64]);
});

it('images are joined at the size of the first one', async () => {
  const images = await first<Tensor>('ImageListToImageBatch', {
    images: [zeros([1, 4, 6, 3]), zeros([1, 8, 8, 3])],
  });
  expect(images.shape).toEqual([2, 4, 6, 3]);
});

const masks = full([4, 4, 6], 1);

it('a batch of masks is split into single masks', async () => {
  const list = await first<Tensor[]>('MasksToMaskList', { masks });
  expect(list.map(({ shape }) => shape)).toEqual(new Array(4).fill([1, 4, 6]));
});

it('a batch of masks is combined with values up to 255', async () => {
  expect(Math.max(...(await first<Tensor>('ImpactFlattenMask', { masks })).data)).toBe(255);
});
