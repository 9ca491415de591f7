// Conversions of widget values as in ComfyUI v0.3.64 (execution.py, validate_inputs).
import { describe, expect, it } from 'vitest';
import { NODES } from '../../../test/support/nodes.ts';
import { dumpsJson } from '../../formats/dumps-json.ts';
import type { Json } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { combo, float, int, seed, socket, string } from '../../nodes/declare.ts';
import type { Input } from '../../nodes/input-types.ts';
import { apiGraphOf } from '../api-graph.ts';
import { readWorkflow } from '../read/read.ts';
import { convertInputValue } from './convert-value.ts';
import { toFloat, toInt } from './python-values.ts';
import { validate } from './validate.ts';
import { createValidationEnvironment } from './validation-environment.ts';

const environment = {
  modelFiles: () => [],
  inputFiles: () => ['cat.png'],
  hasInput: (name: string) => name === 'cat.png',
  wildcards: () => new Map(),
};
const location = {
  nodeId: '1',
  nodeType: 'Test',
  name: 'Test (node 1)',
  input: 'value',
  config: [],
};
const convert = (value: Json, input: Input, checkedByNode = false) =>
  convertInputValue(
    value,
    input,
    () => location,
    createValidationEnvironment(environment),
    checkedByNode,
  );

describe('numbers', () => {
  it.each([
    ['20.7', 20],
    ['" 1_0 "', 10],
    ['true', 1],
    ['18446744073709551615', 18446744073709551615n],
    ['-0.5', 0],
    ['1e3', 1000],
  ])('int() converts %s to %s', (text, expected) => {
    expect(convert(parseJson(text), seed())).toEqual({ value: expected });
  });

  it('that are out of range stay, with an issue', () => {
    const { value, issue } = convert('11', int({ max: 10 }));
    expect(value).toBe(11);
    expect(issue?.comfy.type).toBe('value_bigger_than_max');
    expect(issue?.error.message).toBe("'value' of Test (node 1) is 11, which is out of range");
    expect(issue?.error.hint).toBe('The maximum is 10.');
  });

  it('are not range-checked if the node checks them itself', () => {
    expect(convert(11, int({ max: 10 }), true)).toEqual({ value: 11 });
  });
});

describe('values that cannot be converted', () => {
  it('are an error in ComfyUI’s form', () => {
    expect(convert('20.7', int()).issue?.comfy).toEqual({
      type: 'invalid_input_type',
      message: 'Failed to convert an input value to a INT value',
      details: "value, 20.7, invalid literal for int() with base 10: '20.7'",
      extra_info: {
        input_name: 'value',
        input_config: [],
        received_value: '20.7',
        exception_message: "invalid literal for int() with base 10: '20.7'",
      },
    });
  });

  it.each<[Json, Input, string]>([
    ['abc', float(), "abc, could not convert string to float: 'abc'"],
    [null, float(), "None, float() argument must be a string or a real number, not 'NoneType'"],
    [
      { a: [1, true] },
      int(),
      "{'a': [1, True]}, int() argument must be a string, a bytes-like object or a real number, " +
        "not 'dict'",
    ],
  ])('have the message of Python: %j', (value, input, details) => {
    expect(convert(value, input).issue?.comfy.details).toBe(`value, ${details}`);
  });

  it('include NaN for an int', () => {
    expect(() => toInt(Number.NaN)).toThrow('cannot convert float NaN to integer');
  });

  it('include any value at a socket without a widget, except null if it is optional', () => {
    expect(convert('x', socket('MODEL')).issue?.comfy.details).toBe('value, x, not a link but str');
    expect(convert(null, socket('MODEL', { optional: true }))).toEqual({ value: null });
  });
});

describe('lists and texts', () => {
  it.each([
    ['XL\\base.safetensors', 'XL/base.safetensors'],
    ['XL/base.safetensors', 'XL/base.safetensors'],
    ['XL/deep\\a.pt', 'XL/deep/a.pt'],
    ['back\\slash.pt', 'back\\slash.pt'],
    ['XL/win.pt', 'XL\\win.pt'],
  ])('%s names the option whether its slashes are / or \\', (written, listed) => {
    const options = ['XL/base.safetensors', 'XL/deep/a.pt', 'back\\slash.pt', 'XL\\win.pt'];
    expect(convert(written, combo(options))).toEqual({ value: listed });
    expect(convert(written, combo(options), true)).toEqual({ value: listed });
  });

  it('a name of another file is refused as it is written', () => {
    const { value, issue } = convert('XL\\gone.pt', combo(['XL/base.pt']));
    expect(value).toBe('XL\\gone.pt');
    expect(issue?.comfy.type).toBe('value_not_in_list');
  });

  it('a wrapped value is unwrapped', () => {
    expect(convert({ __value__: 'b' }, combo(['a', 'b']))).toEqual({ value: 'b' });
  });

  it('str() prints null as None', () => {
    expect(convert(null, string())).toEqual({ value: 'None' });
  });
});

it('the stored prompt changes as in Python, in the same order', () => {
  const { graph } = readWorkflow(
    parseJson(
      '{"10": {"inputs": {"int": "7", "float": 8, "text": 8.0, "flag": "false", ' +
        '"choice": {"__value__": "euler"}, "extra": 1}, ' +
        '"class_type": "TestValues", "_meta": {"title": "V"}}, ' +
        '"2": {"class_type": "TestSave", "inputs": {"value": ["10", 0], "filename_prefix": null}}}',
    ),
  );
  const validation = validate(graph, NODES, environment);
  expect(validation.error).toBeNull();
  expect(dumpsJson(apiGraphOf(validation.graph))).toBe(
    '{"10": {"inputs": {"int": 7, "float": 8.0, "text": "8.0", "flag": true, ' +
      '"choice": "euler", "extra": 1}, ' +
      '"class_type": "TestValues", "_meta": {"title": "V"}}, ' +
      '"2": {"class_type": "TestSave", "inputs": {"value": ["10", 0], "filename_prefix": "None"}}}',
  );
});

it('refuses numbers of many digits as Python does, in linear time', () => {
  const digits = '1'.repeat(200_000);
  expect(toInt('1'.repeat(4300))).toBe(BigInt('1'.repeat(4300)));
  expect(() => toInt(`-${digits}`)).toThrow(
    'Exceeds the limit (4300 digits) for integer string conversion: value has 200000 digits',
  );
  expect(() => toFloat(`${digits}x`)).toThrow('could not convert string to float');
  expect(toFloat('1_0.5_0e0_1')).toBe(105);
});
