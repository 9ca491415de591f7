// Error objects and conversions as ComfyUI v0.3.64 gives them (execution.py, validate_inputs), on nodes made for it.
import { describe, expect, it } from 'vitest';
import { NODES } from '../../../test/support/nodes.ts';
import { dumpsJson, parseJson } from '../../formats/json.ts';
import { apiGraphOf } from '../api-graph.ts';
import { applyOverrides, parseOverrides } from '../overrides/overrides.ts';
import { readWorkflow } from '../read/read.ts';
import { toInt } from './python-values.ts';
import { combineProblems, errorResponse, validate, type WorkflowEnvironment } from './validate.ts';

const many = Array.from({ length: 21 }, (_, i) => `model${i}.safetensors`);
const environment = (models: readonly string[]): WorkflowEnvironment => ({
  modelFiles: () => models,
  inputFiles: () => ['cat.png'],
  hasInput: (name) => name === 'cat.png' || name === 'x.png [output]',
  wildcards: () => new Map(),
});
const GOOD = '{"int": 3, "float": 1.5, "text": "a", "flag": true, "choice": "euler"}';

function check(text: string, models: readonly string[] = ['a.safetensors']) {
  const validation = validate(readWorkflow(parseJson(text)).graph, NODES, environment(models));
  return {
    ...validation,
    answer: JSON.parse(dumpsJson(errorResponse(validation))),
    prompt: dumpsJson(apiGraphOf(validation.graph)),
  };
}
/** The errors of a TestValues node with some inputs replaced. */
const errorsOf = (changes: string, models?: readonly string[]) => {
  const inputs = { ...(parseJson(GOOD) as object), ...(parseJson(changes) as object) };
  const text = `{"1": {"class_type": "TestValues", "inputs": ${dumpsJson(inputs)}}, "2": {"class_type": "TestSave", "inputs": {"value": ["1", 0], "filename_prefix": "p"}}}`;
  const { answer, problems } = check(text, models);
  return { errors: answer.node_errors['1']?.errors ?? [], problems, answer };
};

describe('conversions', () => {
  it('change the stored prompt as Python would and keep its order', () => {
    const { prompt, error } = check(
      '{"10": {"inputs": {"int": "7", "float": 8, "text": 8.0, "flag": "false", "choice": {"__value__": "euler"}, "extra": 1}, "class_type": "TestValues", "_meta": {"title": "V"}},' +
        ' "2": {"class_type": "TestSave", "inputs": {"value": ["10", 0], "filename_prefix": null}}}',
    );
    expect(error).toBeNull();
    expect(prompt).toBe(
      '{"10": {"inputs": {"int": 7, "float": 8.0, "text": "8.0", "flag": true, "choice": "euler", "extra": 1}, "class_type": "TestValues", "_meta": {"title": "V"}},' +
        ' "2": {"class_type": "TestSave", "inputs": {"value": ["10", 0], "filename_prefix": "None"}}}',
    );
  });

  it('int(): truncates, reads digits, keeps 2^64-1', () => {
    const seeds = ['20.7', '" 1_0 "', 'true', '18446744073709551615', '-0.5', '1e3'].map((seed) => {
      const { prompt } = check(
        `{"1": {"class_type": "TestNumber", "inputs": {"value": 1, "seed": ${seed}}}, "2": {"class_type": "TestSave", "inputs": {"value": ["1", 0], "filename_prefix": "p"}}}`,
      );
      return /"seed": ([^}]*)\}/.exec(prompt)?.[1];
    });
    expect(seeds).toEqual(['20', '10', '1', '18446744073709551615', '0', '1000']);
  });

  it('failures carry the words of Python', () => {
    const failed = (changes: string) => errorsOf(changes).errors[0];
    expect(failed('{"int": "20.7"}')).toEqual({
      type: 'invalid_input_type',
      message: 'Failed to convert an input value to a INT value',
      details: "int, 20.7, invalid literal for int() with base 10: '20.7'",
      extra_info: {
        input_name: 'int',
        input_config: ['INT', { default: 0, min: 1, max: 10 }],
        received_value: '20.7',
        exception_message: "invalid literal for int() with base 10: '20.7'",
      },
    });
    expect(failed('{"float": "abc"}').details).toBe(
      "float, abc, could not convert string to float: 'abc'",
    );
    expect(failed('{"float": null}').details).toBe(
      "float, None, float() argument must be a string or a real number, not 'NoneType'",
    );
    expect(failed('{"int": {"a": [1, true]}}').details).toBe(
      "int, {'a': [1, True]}, int() argument must be a string, a bytes-like object or a real number, not 'dict'",
    );
    expect(() => toInt(Number.NaN)).toThrow('cannot convert float NaN to integer');
  });
});

describe('error objects', () => {
  it('range and list', () => {
    expect(errorsOf('{"int": 0}').errors[0]).toEqual({
      type: 'value_smaller_than_min',
      message: 'Value 0 smaller than min of 1',
      details: 'int',
      extra_info: {
        input_name: 'int',
        input_config: ['INT', { default: 0, min: 1, max: 10 }],
        received_value: 0,
      },
    });
    expect(errorsOf('{"float": 11}').errors[0]).toMatchObject({
      type: 'value_bigger_than_max',
      message: 'Value 11.0 bigger than max of 10.0',
    });
    expect(errorsOf('{"choice": "eule"}').errors[0]).toEqual({
      type: 'value_not_in_list',
      message: 'Value not in list',
      details: `choice: 'eule' not in ['euler', "it's"]`,
      extra_info: {
        input_name: 'choice',
        input_config: [['euler', "it's"], {}],
        received_value: 'eule',
      },
    });
    expect(errorsOf('{"choice": "eule"}').problems[0].hint).toBe("Did you mean 'euler'?");
  });

  it('a missing model file is named with its near matches; long lists are left out', () => {
    const few = errorsOf('{"model": "A.safetensor"}');
    expect(few.errors[0].details).toBe("model: 'A.safetensor' not in ['a.safetensors']");
    expect(few.problems[0]).toMatchObject({ code: 'DR_MODEL_MISSING', file: 'A.safetensor' });
    expect(few.problems[0].hint).toContain("Did you mean 'a.safetensors'?");
    const long = errorsOf('{"model": "x"}', many).errors[0];
    expect(long.details).toBe("model: 'x' not in (list of length 21)");
    expect(long.extra_info.input_config).toBeNull();
  });

  it('input pictures: annotated names pass, missing ones are a custom validation', () => {
    expect(errorsOf('{"image": "x.png [output]"}').errors).toEqual([]);
    expect(errorsOf('{"image": "dog.png"}').errors[0]).toEqual({
      type: 'custom_validation_failed',
      message: 'Custom validation failed for node',
      details: 'image - Invalid image file: dog.png',
      extra_info: { input_name: 'image' },
    });
  });

  it('required, bad links, types, and what comes from nowhere', () => {
    const text = (a: string, b: string) =>
      `{"1": {"class_type": "TestNumber", "inputs": {"value": 1}}, "3": {"class_type": "TestAdd", "inputs": {"a": ${a}${b}}}, "4": {"class_type": "TestSave", "inputs": {"value": ["3", 0], "filename_prefix": "p"}}}`;
    expect(check(text('["1", 0]', '')).answer).toEqual({
      error: {
        type: 'prompt_outputs_failed_validation',
        message: 'Prompt outputs failed validation',
        details: '',
        extra_info: {},
      },
      node_errors: {
        '3': {
          errors: [
            {
              type: 'required_input_missing',
              message: 'Required input is missing',
              details: 'b',
              extra_info: { input_name: 'b' },
            },
          ],
          dependent_outputs: ['4'],
          class_type: 'TestAdd',
        },
      },
    });
    expect(
      check(text('["1", 0, 2]', ', "b": ["1", 0]')).answer.node_errors['3'].errors[0],
    ).toMatchObject({
      type: 'bad_linked_input',
      details: 'a',
      extra_info: { received_value: ['1', 0, 2] },
    });
    expect(check(text('["1", 1]', ', "b": ["1", 0]')).answer.node_errors['3'].errors[0]).toEqual({
      type: 'return_type_mismatch',
      message: 'Return type mismatch between linked nodes',
      details: 'a, received_type(STRING) mismatch input_type(INT)',
      extra_info: {
        input_name: 'a',
        input_config: ['INT', {}],
        received_type: 'STRING',
        linked_node: ['1', 1],
      },
    });
    const nowhere = check(text('["99", 0]', ', "b": ["1", 0]'));
    expect(nowhere.answer.node_errors['3'].errors[0]).toMatchObject({
      type: 'exception_during_inner_validation',
      details: "'99'",
      extra_info: { input_name: 'value', exception_type: 'KeyError', linked_node: ['3', 0] },
    });
    expect(nowhere.problems[0].message).toBe(
      "'a' of TestAdd (node 3) is connected to node '99', which is not in the workflow",
    );
    expect(check(text('["1", 7]', ', "b": ["1", 0]')).problems[0].message).toContain(
      'output 7 of TestNumber (node 1), which has 2 outputs',
    );
  });

  it('a circle is found and told', () => {
    const { answer, problems } = check(
      '{"1": {"class_type": "TestAdd", "inputs": {"a": ["2", 0], "b": 1}}, "2": {"class_type": "TestAdd", "inputs": {"a": ["1", 0], "b": 1}}, "3": {"class_type": "TestSave", "inputs": {"value": ["1", 0], "filename_prefix": "p"}}}',
    );
    expect(problems.map((p) => p.message)).toEqual([
      'nodes are connected in a circle: 1 (TestAdd) <- 2 (TestAdd) <- 1 (TestAdd)',
    ]);
    expect(answer.node_errors['1'].errors[0]).toMatchObject({
      type: 'exception_during_inner_validation',
      details: 'Dependency cycle detected',
    });
    expect(answer.error.type).toBe('prompt_outputs_failed_validation');
  });

  it('unknown nodes: the first for ComfyUI, all for people', () => {
    const { answer, problems, validation } = ((v) => ({ ...v, validation: v }))(
      check(
        '{"5": {"class_type": "TestNumbr", "inputs": {}}, "6": {"class_type": "Nowhere", "inputs": {}}, "8": {"class_type": "Nowhere", "inputs": {}}, "7": {"inputs": {}}}',
      ),
    );
    expect(answer).toEqual({
      error: {
        type: 'invalid_prompt',
        message: 'Cannot execute because node TestNumbr does not exist.',
        details: "Node ID '#5'",
        extra_info: {},
      },
      node_errors: {},
    });
    expect(problems.map((p) => p.message)).toEqual([
      "unknown node type 'TestNumbr' (node 5)",
      "unknown node type 'Nowhere' (node 6, 8)",
      'node 7 has no class_type',
    ]);
    expect(problems[0].hint).toContain("'TestNumber'");
    expect(combineProblems(validation)?.message).toContain('Nowhere');
    expect(
      check('{"1": {"class_type": "TestNumber", "inputs": {"value": 1}}}').answer.error.type,
    ).toBe('prompt_no_outputs');
  });

  it('some outputs may be fine while others are not', () => {
    const { error, outputs, nodeErrors } = check(
      '{"1": {"class_type": "TestNumber", "inputs": {"value": 1}}, "2": {"class_type": "TestSave", "inputs": {"value": ["1", 0], "filename_prefix": "p"}}, "3": {"class_type": "TestSave", "inputs": {"value": ["1", 0]}}}',
    );
    expect(error).toBeNull();
    expect(outputs).toEqual(['2']);
    expect([...nodeErrors.keys()]).toEqual(['3']);
  });

  it('a chain of any length is checked or refused, never a crash', () => {
    const nodes = Array.from(
      { length: 20000 },
      (_, i) => `"${i}": {"class_type": "TestAdd", "inputs": {"a": ["${i + 1}", 0], "b": 1}}`,
    );
    const { error } = check(
      `{"out": {"class_type": "TestSave", "inputs": {"value": ["0", 0], "filename_prefix": "p"}}, ${nodes.join(', ')}}`,
    );
    expect(error).not.toBeNull();
  });
});

describe('overrides', () => {
  const { graph } = readWorkflow(
    parseJson(
      '{"3": {"class_type": "TestValues", "inputs": {"int": 1}, "_meta": {"title": "My v1.5"}}, "4": {"class_type": "TestAdd", "inputs": {"a": ["3", 0]}}, "5": {"class_type": "TestAdd", "inputs": {}}}',
    ),
  );
  const set = (...texts: string[]) => applyOverrides(graph, parseOverrides(texts), NODES);

  it('set by id, title or type', () => {
    const changed = set('3.int=5', 'My v1.5.text=a=b', 'TestValues.flag=false');
    expect(changed.get('3')?.inputs).toEqual({ int: '5', text: 'a=b', flag: false });
  });

  it.each([
    ['3.int', 'not of the form'],
    ['9.int=1', "no node '9'"],
    ['3.itn=1', "no input 'itn'"],
    ['TestAdd.a=1', "2 nodes 'TestAdd'"],
    ['4.a=1', 'connected to another node'],
  ])('%s is refused', (text, message) => expect(() => set(text)).toThrow(message));
});
