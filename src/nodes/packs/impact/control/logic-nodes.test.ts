// Values, comparisons and branches of the Impact Pack. The tables contain the results of the
// original's own classes (7.10, Python 3.12).
import { describe, expect, it } from 'vitest';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { node, runPrompt } from '../../../../../test/support/show-node.ts';

describe('ImpactCompare', () => {
  /** The results for two equal values. */
  const EQUAL = {
    'a = b': true,
    'a <> b': false,
    'a > b': false,
    'a < b': false,
    'a >= b': true,
    'a <= b': true,
    tt: true,
    ff: false,
  };
  const LESS = { ...EQUAL, 'a = b': false, 'a <> b': true, 'a < b': true, 'a >= b': false };
  const GREATER = { ...EQUAL, 'a = b': false, 'a <> b': true, 'a > b': true, 'a <= b': false };
  /** Values that can only be compared for equality. */
  const NO_ORDER = {
    'a > b': 'DR_INPUT_INVALID',
    'a < b': 'DR_INPUT_INVALID',
    'a >= b': 'DR_INPUT_INVALID',
    'a <= b': 'DR_INPUT_INVALID',
  };
  const EQUAL_WITHOUT_ORDER = { ...EQUAL, ...NO_ORDER };
  const UNEQUAL_WITHOUT_ORDER = { ...EQUAL_WITHOUT_ORDER, 'a = b': false, 'a <> b': true };

  it.each([
    { a: 1, b: 1, expected: EQUAL },
    { a: 1n, b: true, expected: EQUAL },
    { a: 'a', b: 'b', expected: LESS },
    { a: '1', b: 1, expected: UNEQUAL_WITHOUT_ORDER },
    { a: 2, b: 10n, expected: LESS },
    { a: '2', b: '10', expected: GREATER },
    { a: true, b: false, expected: GREATER },
    { a: undefined, b: undefined, expected: EQUAL_WITHOUT_ORDER },
  ])('compares $a and $b as Python does', async ({ a, b, expected }) => {
    const results: Record<string, unknown> = {};
    for (const cmp of Object.keys(expected))
      results[cmp] = await runNode('ImpactCompare', { cmp, a, b }).then(
        ([result]) => result,
        ({ code }) => code,
      );
    expect(results).toEqual(expected);
  });
});

describe('ImpactConvertDataType', () => {
  const cases: {
    value: unknown;
    type?: string;
    text: string;
    float: number;
    int: number | bigint;
    bool: boolean;
  }[] = [
    { value: 1, text: '1', float: 1, int: 1, bool: true },
    { value: 0, text: '0', float: 0, int: 0, bool: false },
    { value: -3, text: '-3', float: -3, int: -3, bool: true },
    { value: 2.5, type: 'FLOAT', text: '2.5', float: 2.5, int: 2, bool: true },
    { value: 1, type: 'FLOAT', text: '1.0', float: 1, int: 1, bool: true },
    { value: 1e16, type: 'FLOAT', text: '1e+16', float: 1, int: 1, bool: true },
    { value: '-1.5', text: '-1.5', float: -1.5, int: -1, bool: true },
    { value: '.5', text: '.5', float: 0.5, int: 0, bool: true },
    { value: '5.', text: '5.', float: 1, int: 1, bool: true },
    { value: 'abc', text: 'abc', float: 1, int: 1, bool: true },
    { value: 'FALSE', text: 'FALSE', float: 0, int: 0, bool: false },
    { value: '', text: '', float: 1, int: 1, bool: true },
    { value: true, text: 'True', float: 1, int: 1, bool: true },
    { value: false, text: 'False', float: 0, int: 0, bool: false },
    { value: '1e3', text: '1e3', float: 1, int: 1, bool: true },
    {
      value: 12345678901234567890n,
      text: '12345678901234567890',
      float: 12345678901234567000,
      int: 12345678901234567168n,
      bool: true,
    },
    { value: ' 7', text: ' 7', float: 1, int: 1, bool: true },
    { value: '7\n', text: '7\n', float: 7, int: 7, bool: true },
    { value: undefined, text: 'None', float: 1, int: 1, bool: true },
  ];

  it.each(cases)('converts $value to $text', async ({ value, type, text, float, int, bool }) => {
    const context = { ...testContext(), inputType: () => type };
    const converted = await runNode('ImpactConvertDataType', { value }, context);
    expect(converted).toEqual([text, float, int, bool]);
  });

  it('distinguishes 2 and 2.0 by the type of the linked output', async () => {
    const { shown } = await runPrompt({
      float: node('ImpactFloat', { value: 2 }),
      fromFloat: node('ImpactConvertDataType', { value: ['float', 0] }),
      fromInt: node('ImpactConvertDataType', { value: 2 }),
      shownFloat: node('Show', { value: ['fromFloat', 0] }),
      shownInt: node('Show', { value: ['fromInt', 0] }),
    });
    expect(shown('shownFloat')).toEqual(['2.0']);
    expect(shown('shownInt')).toEqual(['2']);
  });
});

describe('ImpactInt and ImpactMinMax', () => {
  it('output integers of 63 bits exactly', async () => {
    expect(await runNode('ImpactInt', { value: 9223372036854775807n })).toEqual([
      9223372036854775807n,
    ]);
    expect(await runNode('ImpactInt', { value: 7n })).toEqual([7]);
  });

  it('select the larger or the smaller of two values', async () => {
    expect(await runNode('ImpactMinMax', { mode: true, a: 3, b: 7n })).toEqual([7n]);
    expect(await runNode('ImpactMinMax', { mode: false, a: 'x', b: 'w' })).toEqual(['w']);
  });
});

describe('ImpactValueReceiver', () => {
  const receive = (typ: string, value: string) =>
    runNode('ImpactValueReceiver', { typ, value, link_id: 0 });

  it.each([
    { typ: 'INT', value: ' 12_000 ', expected: 12000 },
    { typ: 'FLOAT', value: '-1.5e2', expected: -150 },
    { typ: 'BOOLEAN', value: 'TRUE', expected: true },
  ])('parses $value as $typ', async ({ typ, value, expected }) => {
    expect(await receive(typ, value)).toEqual([expected]);
  });

  it('throws for a text that is not of its type', async () => {
    await expect(receive('INT', '1.5')).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      input: 'value',
    });
  });
});

describe('branches', () => {
  const branch = (type: string, inputs: object) =>
    runPrompt({
      a: node('ImpactInt', { value: 1 }),
      b: node('ImpactInt', { value: 2 }),
      branch: node(type, { tt_value: ['a', 0], ff_value: ['b', 0], ...inputs }),
      out: node('Show', { value: ['branch', 0] }),
    });

  it('ImpactConditionalBranch only runs the selected branch', async () => {
    const { shown, ran } = await branch('ImpactConditionalBranch', { cond: false });
    expect(shown('out')).toEqual([2]);
    expect(ran).toEqual(['b', 'branch', 'out']);
  });

  it('ImpactConditionalBranchSelMode runs both branches', async () => {
    const { shown, ran } = await branch('ImpactConditionalBranchSelMode', { cond: true });
    expect(shown('out')).toEqual([1]);
    expect(ran).toHaveLength(4);
  });

  it('ImpactConditionalBranchSelMode only runs the branch that is selected on prompt', async () => {
    const inputs = { cond: true, sel_mode: true };
    const { shown, ran } = await branch('ImpactConditionalBranchSelMode', inputs);
    expect(shown('out')).toEqual([1]);
    expect(ran).toEqual(['a', 'branch', 'out']);
  });

  it('ImpactIfNone outputs whether an input is connected', async () => {
    expect(await runNode('ImpactIfNone', { signal: 1 })).toEqual([1, false]);
    expect(await runNode('ImpactIfNone', { any_input: 0 })).toEqual([undefined, true]);
  });
});
