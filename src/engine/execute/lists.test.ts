import { describe, expect, it } from 'vitest';
import { defineListNode, defineNode, output, outputs, socket } from '../../nodes/declare.ts';
import { blocker } from '../../nodes/socket-values.ts';
import { blockerIn, callsOf, linkedRows, mergeOutputs, mergeUi } from './lists.ts';

const common = { type: 'Test', category: 'test', display: 'Test' };
const inputs = { a: socket('*'), b: socket('*') };
const perItem = defineNode({
  ...common,
  inputs,
  outputs: [output('*'), output('*', 'list', true)],
  run: () => outputs(undefined, undefined),
});
const wholeLists = defineListNode({ ...common, inputs, outputs: [], run: () => outputs() });

describe('the calls of a node', () => {
  it('are one per item, where shorter lists repeat their last item', () => {
    expect(callsOf(perItem, { a: [1, 2, 3], b: ['x', 'y'] })).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
      { a: 3, b: 'y' },
    ]);
  });

  it('are one call of a node that takes whole lists', () => {
    expect(callsOf(wholeLists, { a: [1, 2], b: [] })).toEqual([{ a: [1, 2], b: [] }]);
  });

  it('are one call of a node without inputs', () => {
    expect(callsOf(perItem, {})).toEqual([{}]);
  });

  it('are refused for an empty list', () => {
    expect(() => callsOf(perItem, { a: [1], b: [] })).toThrow("'b' of Test got an empty list");
  });

  it('are blocked by a blocker among the values, or in a list', () => {
    const block = blocker('stop');
    expect(blockerIn({ a: 1, b: block })).toBe(block);
    expect(blockerIn({ a: [1, block], b: [] }, true)).toBe(block);
    expect(blockerIn({ a: [1, block] })).toBeUndefined();
  });
});

describe('outputs', () => {
  it('of all calls are merged: items collected, lists concatenated', () => {
    expect(
      mergeOutputs(perItem, [
        [1, ['x', 'y']],
        [2, ['z']],
      ]),
    ).toEqual([
      [1, 2],
      ['x', 'y', 'z'],
    ]);
  });

  it('of a blocked call are blockers', () => {
    const [items, list] = mergeOutputs(perItem, [undefined, [2, ['z']]]);
    expect({ items, list }).toEqual({ items: [blocker(), 2], list: [blocker(), 'z'] });
  });

  it('that are links to lists become rows, or fill an output that is a list', () => {
    const valuesOf = () => ['p', 'q'];
    expect(linkedRows(perItem, [['4.1', 0], 7], valuesOf)).toEqual([
      ['p', 7],
      ['q', 7],
    ]);
    expect(linkedRows(perItem, [7, ['4.1', 0]], valuesOf)).toEqual([[7, ['p', 'q']]]);
  });
});

describe('what calls show', () => {
  it('is merged by key', () => {
    const results = [
      { outputs: [], ui: { text: ['a'] } },
      undefined,
      { outputs: [], ui: { text: ['b'] } },
    ];
    expect(mergeUi(results)).toEqual({ text: ['a', 'b'] });
  });

  it('is undefined when they show nothing', () => {
    expect(mergeUi([{ outputs: [] }])).toBeUndefined();
  });
});
