import { describe, expect, it } from 'vitest';
import { smallEngine } from '../../../test/support/engine.ts';
import { NODES } from '../../nodes/index.ts';
import { checkTexts, createShownLimit, MAX_TEXT } from './result-limits.ts';

const concatenate = (from: string) => ({
  class_type: 'StringConcatenate',
  inputs: { string_a: [from, 0], string_b: [from, 0], delimiter: '' },
});
const first = { class_type: 'PrimitiveString', inputs: { value: 'x'.repeat(1000) } };

/** A text that is doubled by the nodes 1 to `count`, and shown by node 'show'. */
function doubling(count: number): Record<string, unknown> {
  const nodes = Array.from({ length: count }, (_, i) => [i + 1, concatenate(String(i))]);
  const show = { class_type: 'PreviewAny', inputs: { source: [String(count), 0] } };
  return { 0: first, ...Object.fromEntries(nodes), show };
}

describe('a text that grows', () => {
  it('is passed on up to a limit', async () => {
    const { failure } = await smallEngine(NODES)(doubling(14));
    expect(failure).toBeUndefined();
  });

  it('fails at the node that exceeds it', async () => {
    const { failure } = await smallEngine(NODES)(doubling(25));
    expect(failure).toMatchObject({
      code: 'DR_NODE_FAILED',
      nodeId: '15',
      nodeType: 'StringConcatenate',
      message: 'returned a text of 32768000 characters; the limit is 16777216',
    });
  });

  it('also counts as many texts of one node', () => {
    const texts = Array.from({ length: 10 }, () => 'x'.repeat(MAX_TEXT / 2));
    expect(() => checkTexts([[texts.slice(0, 8)]])).not.toThrow();
    expect(() => checkTexts([[texts]])).toThrow('returned texts of');
  });

  it('is named as the cause where it is longer than JavaScript allows', async () => {
    const half = 'x'.repeat(2 ** 13);
    const replace = {
      class_type: 'StringReplace',
      inputs: { string: ['0', 0], find: 'x', replace: ['1', 0] },
    };
    const { failure } = await smallEngine(NODES)({
      0: { class_type: 'PrimitiveString', inputs: { value: half.repeat(16) } },
      1: { class_type: 'PrimitiveString', inputs: { value: half } },
      2: replace,
      3: { class_type: 'PreviewAny', inputs: { source: ['2', 0] } },
    });
    expect(failure?.message).toBe(
      'StringReplace (node 2) made a text that is longer than any text can be',
    );
  });
});

describe('what nodes show', () => {
  it('is limited for each node and for the job', () => {
    const limit = createShownLimit();
    expect(() => limit.check({ text: ['x'.repeat(3 * MAX_TEXT)] })).toThrow('shows an output of');
    for (let i = 0; i < 7; i++) limit.check({ text: ['x'.repeat(MAX_TEXT)] });
    expect(() => limit.check({ text: ['x'.repeat(1.5 * MAX_TEXT)] })).toThrow(
      'and the nodes before it show outputs of',
    );
  });
});
