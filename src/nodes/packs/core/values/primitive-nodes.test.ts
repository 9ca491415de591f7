// Nodes for constants, and PreviewAny.
import { expect, it } from 'vitest';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

it.each([
  ['PrimitiveString', 'a fox'],
  ['PrimitiveStringMultiline', 'a\nfox'],
  ['PrimitiveFloat', 0.1],
  ['PrimitiveBoolean', true],
] as const)('%s outputs its value', async (type, value) => {
  expect(await runNode(type, { value })).toEqual([value]);
});

it('PrimitiveInt outputs a bigint only if a number is not exact', async () => {
  expect(await runNode('PrimitiveInt', { value: -7n })).toEqual([-7]);
  expect(await runNode('PrimitiveInt', { value: 2n ** 63n - 1n })).toEqual([2n ** 63n - 1n]);
  expect(await runNode('PrimitiveInt', { value: 2n ** 52n - 1n })).toEqual([2 ** 52 - 1]);
});

// PreviewAny().main(source)["ui"]["text"][0]
it.each([
  [1, 'INT', '1'],
  [1, 'FLOAT', '1.0'],
  [0.1 + 0.2, 'FLOAT', '0.30000000000000004'],
  [2n ** 60n, 'INT', '1152921504606846976'],
  [true, 'BOOLEAN', 'True'],
  ['ä fox', 'STRING', 'ä fox'],
  [undefined, undefined, 'None'],
  [['a', 1, null, { b: [true] }], '*', '["a", 1, null, {"b": [true]}]'],
  [tensor([1, 2], Float32Array.of(1, 2)), 'MASK', 'tensor([[1., 2.]])'],
  [() => 1, 'NOISE', 'source exists, but could not be serialized.'],
])('shows %s', async (source, type, text) => {
  const node = NODES.get('PreviewAny')!;
  const result = await node.run({ source } as never, { ...testContext(), inputType: () => type });
  expect(result.ui).toEqual({ text: [text] });
});
