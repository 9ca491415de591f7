// Texts of the Impact Pack. The expected values are those of the original's own classes.
import { describe, expect, it } from 'vitest';
import { runNode } from '../../../../../test/support/run-node.ts';

describe('ImpactStringSelector', () => {
  const text = '# one\na\nb\n# two\nc\n\n#three';
  const select = async (strings: string, multiline: boolean, index: number) =>
    (await runNode('ImpactStringSelector', { strings, multiline, select: index }))[0];

  it.each([
    { index: 0, expected: ' one\na\nb' },
    { index: 1, expected: ' two\nc' },
    { index: 2, expected: 'three' },
    { index: 5, expected: 'three' },
  ])('selects section $index, starting over after the last', async ({ index, expected }) => {
    expect(await select(text, true, index)).toBe(expected);
  });

  it.each([
    { index: 0, expected: '# one' },
    { index: 1, expected: 'a' },
    { index: 5, expected: '' },
  ])('selects line $index', async ({ index, expected }) => {
    expect(await select(text, false, index)).toBe(expected);
  });

  it.each([
    { index: 0, expected: 'head' },
    { index: 5, expected: ' a\nb' },
  ])('selects the text before the first # as a section', async ({ index, expected }) => {
    expect(await select('head\n# a\nb', true, index)).toBe(expected);
  });
});

describe('StringListToString', () => {
  it('joins texts with line breaks', async () => {
    const inputs = { join_with: ['\\n'], string_list: ['a', 'b'] };
    expect(await runNode('StringListToString', inputs)).toEqual(['a\nb']);
  });
});

describe('WildcardPromptFromString', () => {
  const inputs = {
    delimiter: ';',
    prefix_all: '',
    postfix_all: '',
    restrict_to_tags: '',
    exclude_tags: '',
  };
  it.each([
    {
      name: 'adds the prefix and the postfix to each line',
      changes: { string: 'a, b\nc , d', delimiter: '\\n', prefix_all: 'pre', postfix_all: 'post' },
      wildcard: '[LAB]\n[1] pre a, b post\n[2] pre c, d post',
      labels: '1, 2',
    },
    {
      name: 'excludes tags',
      changes: { string: 'a, b, x;c, x', exclude_tags: 'x' },
      wildcard: '[LAB]\n[1] a, b\n[2] c',
      labels: '1, 2',
    },
    {
      name: 'restricts tags and removes repeated commas',
      changes: { string: 'a, b;c', prefix_all: 'p,,', postfix_all: '  q', restrict_to_tags: 'b' },
      wildcard: '[LAB]\n[1] p, b q\n[2] p, q',
      labels: '1, 2',
    },
    {
      name: 'makes one prompt of an empty text',
      changes: { string: '' },
      wildcard: '[LAB]\n[1]',
      labels: '1',
    },
  ])('$name', async ({ changes, wildcard, labels }) => {
    const outputs = await runNode('WildcardPromptFromString', { ...inputs, ...changes });
    expect(outputs).toEqual([wildcard, labels]);
  });
});
