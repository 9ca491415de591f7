import { describe, expect, it } from 'vitest';
import { dumpsJson, pythonRepr } from './dumps-json.ts';
import { entriesOf, isPyFloat, keysOf, numberOf, objectOf, pyFloat } from './json.ts';
import { parseJson } from './parse-json.ts';

describe('parseJson', () => {
  it('reads integers beyond 2^53 as bigint', () => {
    expect(parseJson('[9007199254740991, 9007199254740993, -18446744073709551615, 0.5]')).toEqual([
      9007199254740991,
      9007199254740993n,
      -18446744073709551615n,
      0.5,
    ]);
  });

  it('reads floats with an integral value as PyFloat', () => {
    expect(parseJson('[8.0, 1e3, -0.0, 1E400]')).toEqual([
      pyFloat(8),
      pyFloat(1000),
      pyFloat(-0),
      Number.POSITIVE_INFINITY,
    ]);
    expect(isPyFloat(parseJson('8.0'))).toBe(true);
  });

  it('reads NaN and Infinity', () => {
    expect(parseJson('[NaN, Infinity, -Infinity]')).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it('returns the values of JSON.parse for JSON that loses nothing there', () => {
    for (const text of [
      '{"a": [1, -2.5e-3, true, false, null, "x\\n\\u00e9\\ud83d\\ude00\\/"], "b": {}, "c": [ ]}',
      ' "é😀\u007f" ',
      '[[[[]]]]',
      '0',
      '-1',
    ])
      expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it('uses the last of equal keys at the position of the first, as Python does', () => {
    // >>> json.dumps(json.loads('{"b": 1, "a": 2, "b": 3}'))  ->  '{"b": 3, "a": 2}'
    expect(dumpsJson(parseJson('{"b": 1, "a": 2, "b": 3}'))).toBe('{"b": 3, "a": 2}');
  });

  it('preserves the order of numeric keys', () => {
    const value = parseJson('{"10": {"z": 1}, "3": 2, "a": 3, "1": 4}') as Record<string, number>;
    expect(keysOf(value)).toEqual(['10', '3', 'a', '1']);
    expect(dumpsJson(value)).toBe('{"10": {"z": 1}, "3": 2, "a": 3, "1": 4}');
  });

  it('appends keys that are added later', () => {
    const value = parseJson('{"10": {"z": 1}, "3": 2, "a": 3, "1": 4}') as Record<string, number>;
    delete value['3'];
    value['2'] = 5;
    expect(dumpsJson(value)).toBe('{"10": {"z": 1}, "a": 3, "1": 4, "2": 5}');
  });

  it('reads __proto__ as an ordinary key', () => {
    const value = parseJson('{"__proto__": {"polluted": 1}, "constructor": 2}') as Record<
      string,
      unknown
    >;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect((value as { polluted?: number }).polluted).toBeUndefined();
    expect(dumpsJson(value)).toBe('{"__proto__": {"polluted": 1}, "constructor": 2}');
  });

  it.each([
    ['{"a": 1,\n "b" 2}', /expected ':' at line 2 column 6/],
    ['{"a": 1,}', /expected a key in double quotes at line 1 column 9/],
    ['[1 2]', /expected ',' or '\]' at line 1 column 4/],
    ['[1, 2', /expected ',' or '\]' at line 1 column 6/],
    ['', /expected a value at line 1 column 1/],
    ['"abc', /string without end at line 1 column 1/],
    ['"a\nb"', /control character in a string at line 1 column 3/],
    ['"\\x"', /bad escape at line 1 column 2/],
    ['"\\u12g4"', /bad \\u escape/],
    ['01', /extra data at line 1 column 2/],
    ['+1', /expected a value/],
    ['.5', /expected a value/],
    ['1.', /extra data/],
    ['nul', /expected a value/],
    ["{'a': 1}", /expected a key in double quotes/],
    ['-', /expected a value/],
    ['// x', /expected a value/],
    ['9'.repeat(5000), /integer of 5000 digits/],
  ])('refuses %.20s', (text, message) => {
    let error: unknown;
    try {
      parseJson(text, { file: 'w.json' });
    } catch (e) {
      error = e;
    }
    expect(error).toMatchObject({
      code: 'DR_JSON_INVALID',
      file: 'w.json',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  it.each([
    ['arrays', '['.repeat(100_000), /nesting deeper than 900/],
    ['objects', '{"a":'.repeat(100_000), /nesting deeper than 900/],
    ['numbers', `[${'1,'.repeat(1_000_000)}1]`, /more than 1000000 values/],
    ['empty objects', `{"a": [${'{},'.repeat(1_000_000)}1]}`, /more than 1000000 values/],
  ])('refuses too many %s', (_, text, message) => {
    expect(() => parseJson(text, { file: 'w.json' })).toThrow(
      expect.objectContaining({
        code: 'DR_JSON_TOO_LARGE',
        file: 'w.json',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('refuses a key that occurs twice with duplicates: refuse', () => {
    expect(() => parseJson('{"a": {"b": 1, "b": 2}}', { duplicates: 'refuse' })).toThrow(
      /key "b" twice at line 1 column 16/,
    );
  });
});

describe('numberOf', () => {
  it.each([
    [parseJson('8.0'), 8],
    [2n ** 64n, 2 ** 64],
    [3, 3],
    ['3', undefined],
  ])('converts %o to %o', (value, expected) => {
    expect(numberOf(value)).toBe(expected);
  });
});

describe('objectOf', () => {
  it('uses the last of equal keys at the position of the first', () => {
    const object = objectOf([
      ['9', 1],
      ['2', 2],
      ['9', 3],
    ]);
    expect(entriesOf(object)).toEqual([
      ['9', 3],
      ['2', 2],
    ]);
  });
});

describe('dumpsJson', () => {
  it('prints values as json.dumps does', () => {
    // >>> json.dumps({"a": [1, 2.5, 8.0, True, None, "é😀\u2028\x7f\"\\\n\x01"], "b": {}, "c": [],
    //   "n": 18446744073709551615})
    expect(
      dumpsJson({
        a: [1, 2.5, pyFloat(8), true, null, 'é😀\u2028\u007f"\\\n\u0001'],
        b: {},
        c: [],
        n: 18446744073709551615n,
      }),
    ).toBe(
      '{"a": [1, 2.5, 8.0, true, null, ' +
        '"\\u00e9\\ud83d\\ude00\\u2028\\u007f\\"\\\\\\n\\u0001"], "b": {}, "c": [], "n": ' +
        '18446744073709551615}',
    );
  });

  it('prints floats as Python’s repr does', () => {
    // >>> [repr(x) for x in (1e-05, 0.0001, 1e16, 1e15, 123456789012345680.0, 0.1, 8.0, -0.0,
    //   5e-324, 1.7976931348623157e308, 1.5e-7, 100.0, 12345.678, -1e22)]
    const values = [
      1e-5,
      0.0001,
      1e16,
      1e15,
      123456789012345680,
      0.1,
      8,
      -0,
      5e-324,
      Number.MAX_VALUE,
      1.5e-7,
      100,
      12345.678,
      -1e22,
    ];
    expect(values.map(pythonRepr)).toEqual([
      '1e-05',
      '0.0001',
      '1e+16',
      '1000000000000000.0',
      '1.2345678901234568e+17',
      '0.1',
      '8.0',
      '-0.0',
      '5e-324',
      '1.7976931348623157e+308',
      '1.5e-07',
      '100.0',
      '12345.678',
      '-1e+22',
    ]);
  });

  it('prints NaN and Infinity', () => {
    // >>> json.dumps([float("nan"), float("inf"), -float("inf")])
    expect(dumpsJson([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])).toBe(
      '[NaN, Infinity, -Infinity]',
    );
  });

  it('prints parsed output of Python unchanged', () => {
    const text =
      '{"3": {"inputs": {"seed": 18446744073709551615, "steps": 20, "cfg": 8.0, "denoise": ' +
      '1.0, "x": 1e-05, "y": 1e+16, "model": ["4", 0]}, "class_type": "KSampler"}, "1": ' +
      '{"_meta": {"title": "caf\\u00e9"}}}';
    expect(dumpsJson(parseJson(text))).toBe(text);
  });

  it('refuses a value that contains itself', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => dumpsJson(cycle)).toThrow(expect.objectContaining({ code: 'DR_JSON_INVALID' }));
  });
});
