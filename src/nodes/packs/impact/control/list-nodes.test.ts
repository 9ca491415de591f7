// Lists and batches of the Impact Pack.
import { expect, it } from 'vitest';
import { runNode } from '../../../../../test/support/run-node.ts';
import { node, runPrompt } from '../../../../../test/support/show-node.ts';
import { full, type Tensor } from '../../../../tensor/tensor.ts';

const image = (count: number, height: number, width: number, value: number): Tensor =>
  full([count, height, width, 3], value);

it('lists have the order of the inputs in the prompt', async () => {
  const { shown } = await runPrompt({
    a: node('ImpactInt', { value: 1 }),
    b: node('ImpactInt', { value: 2 }),
    list: node('ImpactMakeAnyList', { value2: ['b', 0], value1: ['a', 0] }),
    out: node('Show', { value: ['list', 0] }),
  });
  expect(shown('out')).toEqual([2, 1]);
});

it('a batch is split into single images', async () => {
  const [images] = await runNode('ImpactImageBatchToImageList', { image: image(3, 2, 2, 0.5) });
  expect((images as Tensor[]).map(({ shape }) => shape)).toEqual(new Array(3).fill([1, 2, 2, 3]));
});

it('images are joined at the size of the first one', async () => {
  const [batch] = await runNode('ImpactMakeImageBatch', {
    image1: image(1, 4, 6, 0),
    image2: image(2, 8, 8, 1),
    image3: image(1, 4, 6, 0.25),
  });
  expect((batch as Tensor).shape).toEqual([4, 4, 6, 3]);
});

it('masks are joined at the size of the first one', async () => {
  const [masks] = await runNode('ImpactMakeMaskBatch', {
    mask1: full([1, 4, 6], 1),
    mask2: full([1, 8, 10], 1),
  });
  expect(masks).toEqual(full([2, 4, 6], 1));
});

it('images with different numbers of channels are refused', async () => {
  const inputs = { image1: image(1, 4, 6, 0), image2: full([1, 4, 6, 1], 0) };
  await expect(runNode('ImpactMakeImageBatch', inputs)).rejects.toMatchObject({
    code: 'DR_SHAPE_MISMATCH',
  });
});

it('a batch has the order of the prompt, and image1 is not needed', async () => {
  const [batch] = await runNode('ImpactMakeImageBatch', {
    image2: image(1, 2, 2, 0.5),
    image1: image(1, 4, 4, 1),
  });
  expect((batch as Tensor).shape).toEqual([2, 2, 2, 3]);
  expect((batch as Tensor).data[0]).toBe(0.5);
  await expect(runNode('ImpactMakeMaskBatch', {})).rejects.toMatchObject({ input: 'mask1' });
});

it('an item of a list is selected, the last one if the index is too large', async () => {
  const items = (index: number) =>
    runPrompt({
      a: node('ImpactInt', { value: 5 }),
      b: node('ImpactInt', { value: 6 }),
      list: node('ImpactMakeAnyList', { value1: ['a', 0], value2: ['b', 0] }),
      bridge: node('ImpactListBridge', { list_input: ['list', 0] }),
      item: node('ImpactSelectNthItemOfAnyList', { any_list: ['bridge', 0], index }),
      all: node('Show', { value: ['bridge', 0] }),
      out: node('Show', { value: ['item', 0] }),
    });
  expect((await items(0)).shown('out')).toEqual([5]);
  expect((await items(9)).shown('out')).toEqual([6]);
  expect((await items(9)).shown('all')).toEqual([5, 6]);
});
