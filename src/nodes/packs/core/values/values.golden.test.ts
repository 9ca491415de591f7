// Expressions, numbers, formatted texts and JSON, against ComfyUI 0.33.0's own nodes
// (test/golden/core_nodes/make_values.py).
import { describe, expect, it } from 'vitest';
import { golden } from '../../../../../test/support/golden.ts';
import { testContext } from '../../../../../test/support/run-node.ts';
import { DarkroomError } from '../../../../errors.ts';
import { type Json, pyFloat } from '../../../../formats/json.ts';
import { parseJson } from '../../../../formats/parse-json.ts';
import { NODES } from '../../../index.ts';

type Stored = { int: string } | { float: string } | boolean | string | null | object;

/** A number of a case: Python's int or float, and its socket type. */
function numberIn(stored: Stored): { value: unknown; type?: string } {
  if (typeof stored === 'object' && stored !== null && 'int' in stored) {
    const big = BigInt(stored.int);
    return { value: Number.isSafeInteger(Number(big)) ? Number(big) : big, type: 'INT' };
  }
  if (typeof stored === 'object' && stored !== null && 'float' in stored) {
    const text = stored.float.replace('inf', 'Infinity').replace('nan', 'NaN');
    return { value: Number(text), type: 'FLOAT' };
  }
  return { value: stored };
}

/** Runs a node with inputs whose types are known; `error` for a DarkroomError. */
async function run(type: string, inputs: object, types: Record<string, string | undefined> = {}) {
  const context = { ...testContext(), inputType: (name: string) => types[name] };
  try {
    const { outputs } = await NODES.get(type)!.run(inputs as never, context);
    return outputs;
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    expect(error.message.length).toBeGreaterThan(10);
    return 'error';
  }
}

const runNamed = (type: string, more: object, values: Record<string, Stored>) => {
  const read = Object.entries(values).map(([name, stored]) => [name, numberIn(stored)] as const);
  return run(
    type,
    { ...more, values: Object.fromEntries(read.map(([name, { value }]) => [name, value])) },
    Object.fromEntries(read.map(([name, one]) => [`values.${name}`, one.type])),
  );
};

/** A list or dictionary with the floats that Python prints with a point. */
const jsonIn = (text: string): Json => parseJson(text);

const RUNS: Readonly<Record<string, (params: Record<string, never>) => Promise<unknown>>> = {
  math: ({ expression, values }) => runNamed('ComfyMathExpression', { expression }, values),
  format: ({ f_string, values }) => {
    const exact = Object.entries(values as Record<string, Stored>).map(([name, stored]) => {
      const isContainer = Array.isArray(stored) || name === 'd' || isPlain(stored);
      return [name, isContainer ? withFloats(stored) : stored];
    });
    return runNamed('StringFormat', { f_string }, Object.fromEntries(exact));
  },
  number: ({ value: stored }) => {
    const { value, type } = numberIn(stored);
    return run('ComfyNumberConvert', { value: value ?? undefined }, { value: type });
  },
  extract: ({ source, key }) => run('JsonExtractString', { json_string: source, key }),
  json: ({ value, indent }) => {
    const json = jsonIn(value);
    return Array.isArray(json)
      ? run('ConvertArrayToString', { array: json, indent })
      : run('ConvertDictionaryToString', { dictionary: json, indent });
  },
};

const isPlain = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !('int' in value) && !('float' in value);

/** The list that make_values.py formats contains 2.0, which JSON.parse reads as 2. */
const withFloats = (value: unknown): unknown =>
  Array.isArray(value) && value[1] === 2 && value[2] === 'a'
    ? [value[0], pyFloat(2), value[2]]
    : value;

const describeCase = (params: object, actual: unknown): string =>
  JSON.stringify({ ...params, actual }, (_, value) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );

/** What Python can do and expressions can't here. */
const REFUSED: ReadonlySet<string> = new Set([
  'a.real',
  'round(a, ndigits=1)',
  'min(a, b, key=abs)',
]);

const { cases } = golden('core_nodes', 'values');

describe.each(Object.keys(RUNS))('%s', (kind) => {
  it('is what ComfyUI computes', async () => {
    const different: unknown[] = [];
    const own = cases.filter(({ params }) => params['kind'] === kind);
    expect(own.length).toBeGreaterThan(25);
    for (const { params } of own) {
      const { result } = params;
      const expected =
        'error' in result ? 'error' : result.map((one: Stored) => numberIn(one).value);
      if (REFUSED.has(params['expression'])) continue;
      const actual = await RUNS[kind](params as never);
      const isSame =
        expected === 'error' || actual === 'error'
          ? expected === actual
          : (actual as unknown[]).every(
              (value, i) => Object.is(value, expected[i]) || value === expected[i],
            );
      if (!isSame) different.push(describeCase(params, actual));
    }
    expect(different.slice(0, 40)).toEqual([]);
  });
});

it.each([...REFUSED])('%s is refused with a sentence', async (expression) => {
  const values = { a: 5, b: 2.5 };
  const run = async () =>
    NODES.get('ComfyMathExpression')!.run({ expression, values } as never, testContext());
  await expect(run()).rejects.toThrow(/are not available/);
});
