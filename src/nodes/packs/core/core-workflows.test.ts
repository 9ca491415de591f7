// The core nodes in workflows: lists, linked values, unsupported models.
import { expect, it } from 'vitest';
import { smallEngine } from '../../../../test/support/engine.ts';
import type { Latent } from '../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { defineNode, type NodeDeclaration, outputs, socket } from '../../declare.ts';
import { NODES } from '../../index.ts';

const recorded: unknown[] = [];
const RecordValue = defineNode({
  type: 'RecordValue',
  display: 'RecordValue',
  category: '',
  inputs: { value: socket('*') },
  outputs: [],
  outputNode: true,
  run({ value }) {
    recorded.push(value);
    return outputs();
  },
});
const nodes: ReadonlyMap<string, NodeDeclaration> = new Map([
  ...NODES,
  [RecordValue.type, RecordValue],
]);

/** The values that the RecordValue nodes receive, in order. */
async function run(
  prompt: Readonly<{ [id: string]: [type: string, inputs: object] }>,
): Promise<unknown[]> {
  recorded.length = 0;
  const graph = Object.fromEntries(
    Object.entries(prompt).map(([id, [class_type, inputs]]) => [id, { class_type, inputs }]),
  );
  const { failure } = await smallEngine(nodes)(graph);
  if (failure) throw failure;
  return [...recorded];
}

it('nodes behind a list run once per item', async () => {
  const sizes = await run({
    1: ['EmptyImage', { width: 24, height: 16, batch_size: 3, color: 0x336699 }],
    2: ['ImageRotate', { image: ['1', 0], rotation: '90 degrees' }],
    3: ['RebatchImages', { images: ['2', 0], batch_size: 2 }],
    4: ['GetImageSize', { image: ['3', 0] }],
    5: ['RecordValue', { value: ['4', 2] }],
  });
  expect(sizes).toEqual([2, 1]);
});

it('rebatched latents have the noise indices of their items', async () => {
  const [one, two] = (await run({
    1: ['EmptyLatentImage', { width: 64, height: 64, batch_size: 3 }],
    2: ['RebatchLatents', { latents: ['1', 0], batch_size: 2 }],
    3: ['RecordValue', { value: ['2', 0] }],
  })) as Latent[];
  expect(one.samples.shape).toEqual([2, 4, 8, 8]);
  expect(one.batch_index).toEqual([0, 1]);
  expect(two.samples.shape).toEqual([1, 4, 8, 8]);
  expect(two.batch_index).toEqual([2]);
});

it('numbers and strings are passed through links', async () => {
  const [image] = (await run({
    1: ['PrimitiveInt', { value: 12 }],
    2: ['StringConcatenate', { string_a: 'four', string_b: 'five', delimiter: '' }],
    3: ['StringLength', { string: ['2', 0] }],
    4: ['EmptyImage', { width: ['1', 0], height: ['3', 0], batch_size: 1, color: 0 }],
    5: ['RecordValue', { value: ['4', 0] }],
  })) as Tensor[];
  expect(image.shape).toEqual([1, 8, 12, 3]);
});

it('latent operations are passed through links', async () => {
  const [latent] = (await run({
    1: ['EmptyLatentImage', { width: 64, height: 128, batch_size: 1 }],
    2: ['LatentOperationTonemapReinhard', { multiplier: 1 }],
    3: ['LatentApplyOperation', { samples: ['1', 0], operation: ['2', 0] }],
    4: ['RecordValue', { value: ['3', 0] }],
  })) as Latent[];
  expect(latent.samples.shape).toEqual([1, 4, 16, 8]);
});
