// The types of node declarations, checked by the compiler: each error below must be reported.
import { expect, it } from 'vitest';
import { defineNode, output, outputs, socket } from './declare.ts';
import { blocker } from './socket-values.ts';

const common = {
  type: 'Test',
  display: 'Test',
  category: 'test',
  inputs: { mask: socket('MASK') },
};

it('the results of run() have the socket types of the outputs', () => {
  const nodes = [
    defineNode({
      ...common,
      outputs: [output('MASK'), output('STRING', 'names', true)],
      run: ({ mask }) => outputs(mask, ['a', blocker()]),
    }),
    defineNode({ ...common, outputs: [output('MASK')], run: () => outputs(blocker()) }),
    defineNode({
      ...common,
      outputs: [output('MASK')],
      // @ts-expect-error a string is not a mask
      run: () => outputs('mask'),
    }),
    defineNode({
      ...common,
      outputs: [output('MASK'), output('INT')],
      // @ts-expect-error the second output is missing
      run: ({ mask }) => outputs(mask),
    }),
    defineNode({
      ...common,
      outputs: [output('MASK', 'masks', true)],
      // @ts-expect-error a mask is not a list of masks
      run: ({ mask }) => outputs(mask),
    }),
  ];
  expect(nodes.map((node) => node.outputs.length)).toEqual([2, 1, 1, 2, 1]);
});
