// Error objects as ComfyUI v0.3.64 returns them (execution.py, validate_inputs), on test nodes.
import { describe, expect, it } from 'vitest';
import { NODES } from '../../../test/support/nodes.ts';
import { RULES } from '../../../test/support/rules.ts';
import { dumpsJson } from '../../formats/dumps-json.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import { NODES as ALL_NODES } from '../../nodes/index.ts';
import { readWorkflow } from '../read/read.ts';
import { type ErrorForms, NEWEST_FORMS } from './released-errors.ts';
import { combineProblems, errorResponse, validate } from './validate.ts';
import { createValidationEnvironment } from './validation-environment.ts';

const LONG_LIST = Array.from({ length: 21 }, (_, i) => `model${i}.safetensors`);
const environment = (models: readonly string[]): NodeEnvironment => ({
  modelFiles: () => models,
  inputFiles: () => ['cat.png'],
  hasInput: (name) => name === 'cat.png' || name === 'x.png [output]',
  wildcards: () => new Map(),
});

const node = (class_type: string, inputs: JsonObject = {}): JsonObject => ({ class_type, inputs });
const save = (from: Json): JsonObject => node('TestSave', { value: from, filename_prefix: 'p' });

/** Validates a prompt. `response` is the body of the 400 response, as a client parses it. */
function check(
  prompt: JsonObject,
  models: readonly string[] = ['a.safetensors'],
  forms: ErrorForms = RULES,
) {
  const { graph } = readWorkflow(parseJson(dumpsJson(prompt)));
  const folders = createValidationEnvironment(environment(models), forms);
  const validation = validate(graph, NODES, folders);
  return { ...validation, response: JSON.parse(dumpsJson(errorResponse(validation))) };
}

/** The errors and problems of a TestValues node with some inputs replaced. */
function checkValues(changes: JsonObject, models?: readonly string[]) {
  const inputs = { int: 3, float: 1.5, text: 'a', flag: true, choice: 'euler', ...changes };
  const { response, problems } = check(
    { 1: node('TestValues', inputs), 2: save(['1', 0]) },
    models,
  );
  return { errors: response.node_errors['1']?.errors ?? [], problems };
}

/** A prompt whose TestAdd node 3 has these inputs; node 1 has an INT and a STRING output. */
const adding = (inputs: JsonObject): JsonObject => ({
  1: node('TestNumber', { value: 1 }),
  3: node('TestAdd', inputs),
  4: save(['3', 0]),
});
const firstErrorOfAdd = (inputs: JsonObject) =>
  check(adding(inputs)).response.node_errors['3'].errors[0];

describe('values that are out of range', () => {
  it('are an error when below the minimum', () => {
    expect(checkValues({ int: 0 }).errors[0]).toEqual({
      type: 'value_smaller_than_min',
      message: 'Value 0 smaller than min of 1',
      details: 'int',
      extra_info: {
        input_name: 'int',
        input_config: ['INT', { default: 0, min: 1, max: 10 }],
        received_value: 0,
      },
    });
  });

  it('are an error when above the maximum; floats are printed as in Python', () => {
    expect(checkValues({ float: 11 }).errors[0]).toMatchObject({
      type: 'value_bigger_than_max',
      message: 'Value 11.0 bigger than max of 10.0',
    });
  });
});

describe('values that are not in the list', () => {
  it('are an error with the list', () => {
    const { errors, problems } = checkValues({ choice: 'eule' });
    expect(errors[0]).toEqual({
      type: 'value_not_in_list',
      message: 'Value not in list',
      details: `choice: 'eule' not in ['euler', "it's"]`,
      extra_info: {
        input_name: 'choice',
        input_config: [['euler', "it's"], {}],
        received_value: 'eule',
      },
    });
    expect(problems[0].hint).toBe("Did you mean 'euler'?");
  });

  it('name a missing model file with its near matches', () => {
    const { errors, problems } = checkValues({ model: 'A.safetensor' });
    expect(errors[0].details).toBe("model: 'A.safetensor' not in ['a.safetensors']");
    expect(problems[0]).toMatchObject({ code: 'DR_MODEL_MISSING', file: 'A.safetensor' });
    expect(problems[0].hint).toContain("Did you mean 'a.safetensors'?");
  });

  it('leave out lists of more than 20 options', () => {
    const error = checkValues({ model: 'x' }, LONG_LIST).errors[0];
    expect(error.details).toBe("model: 'x' not in (list of length 21)");
    expect(error.extra_info.input_config).toBeNull();
  });
});

describe('input images', () => {
  it('may have an annotated name', () => {
    expect(checkValues({ image: 'x.png [output]' }).errors).toEqual([]);
  });

  it('that are missing fail a custom validation', () => {
    expect(checkValues({ image: 'dog.png' }).errors[0]).toEqual({
      type: 'custom_validation_failed',
      message: 'Custom validation failed for node',
      details: 'image - Invalid image file: dog.png',
      extra_info: { input_name: 'image' },
    });
  });
});

describe('inputs and links', () => {
  it('a required input without a value is an error (the whole response)', () => {
    expect(check(adding({ a: ['1', 0] })).response).toEqual({
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
  });

  it('a list that is not a link is an error', () => {
    expect(firstErrorOfAdd({ a: ['1', 0, 2], b: ['1', 0] })).toMatchObject({
      type: 'bad_linked_input',
      details: 'a',
      extra_info: { received_value: ['1', 0, 2] },
    });
  });

  it('a link from an output of another type is an error', () => {
    expect(firstErrorOfAdd({ a: ['1', 1], b: ['1', 0] })).toEqual({
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
  });

  it('a link from a node that does not exist is an inner exception', () => {
    expect(firstErrorOfAdd({ a: ['99', 0], b: ['1', 0] })).toMatchObject({
      type: 'exception_during_inner_validation',
      details: "'99'",
      extra_info: { input_name: 'value', exception_type: 'KeyError', linked_node: ['3', 0] },
    });
    expect(check(adding({ a: ['99', 0], b: ['1', 0] })).problems[0].message).toBe(
      "'a' of TestAdd (node 3) is connected to node '99', which is not in the workflow",
    );
  });

  it('a link from an output that does not exist is an inner exception', () => {
    expect(check(adding({ a: ['1', 7], b: ['1', 0] })).problems[0].message).toContain(
      'output 7 of TestNumber (node 1), which has 2 outputs',
    );
  });

  it('a cycle is an inner exception', () => {
    const { response, problems } = check({
      1: node('TestAdd', { a: ['2', 0], b: 1 }),
      2: node('TestAdd', { a: ['1', 0], b: 1 }),
      3: save(['1', 0]),
    });
    expect(problems.map(({ message }) => message)).toEqual([
      'nodes are connected in a cycle: 1 (TestAdd) <- 2 (TestAdd) <- 1 (TestAdd)',
    ]);
    expect(response.node_errors['1'].errors[0]).toMatchObject({
      type: 'exception_during_inner_validation',
      details: 'Dependency cycle detected',
    });
    expect(response.error.type).toBe('prompt_outputs_failed_validation');
  });

  /** A chain of TestAdd nodes that ends at the link `last`. */
  const chainTo = (length: number, last: Json): JsonObject => {
    const chain = Array.from({ length }, (_, i) => [
      String(i),
      node('TestAdd', { a: i + 1 === length ? last : [String(i + 1), 0], b: 1 }),
    ]);
    return { out: save(['0', 0]), ...Object.fromEntries(chain) };
  };

  it('a chain of any length is checked to its end', () => {
    expect(check({ ...chainTo(10_000, ['n', 0]), n: node('TestNumber', { value: 1 }) }).error).toBe(
      null,
    );
    const { response } = check(chainTo(10_000, ['missing', 0]));
    expect(Object.keys(response.node_errors)).toEqual(['9999']);
  });

  it('a long cycle is named by its two ends', () => {
    const { problems } = check(chainTo(10_000, ['0', 0]));
    expect(problems[0].message).toMatch(
      /^nodes are connected in a cycle: 0 .* <- … 9980 more … <- .*9999 \(TestAdd\) <- 0 \(TestAdd\)$/,
    );
  });

  it('of a long cycle, a hundred nodes get the error of newer releases', () => {
    const { response } = check(chainTo(10_000, ['0', 0]), [], NEWEST_FORMS);
    const errors = Object.values<{ errors: unknown[] }>(response.node_errors);
    expect(errors.map((one) => one.errors.length)).toEqual(Array(100).fill(1));
    expect(response.node_errors['99'].errors[0].extra_info.cycle_nodes).toHaveLength(22);
    expect(response.error.type).toBe('prompt_outputs_failed_validation');
  });
});

describe('unknown node types', () => {
  const unknown = {
    5: node('TestNumbr'),
    6: node('Nowhere'),
    8: node('Nowhere'),
    7: { inputs: {} },
  };

  it('are an error that names the first one', () => {
    const { response } = check(unknown);
    expect(response).toEqual({
      error: {
        type: 'invalid_prompt',
        message: 'Cannot execute because node TestNumbr does not exist.',
        details: "Node ID '#5'",
        extra_info: {},
      },
      node_errors: {},
    });
  });

  it('are all problems, with similar names', () => {
    const { problems } = check(unknown);
    expect(problems.map(({ message }) => message)).toEqual([
      "unknown node type 'TestNumbr' (node 5)",
      "unknown node type 'Nowhere' (node 6, 8)",
      'node 7 has no class_type',
    ]);
    expect(problems[0].hint).toContain("'TestNumber'");
    expect(combineProblems({ problems })?.message).toContain('Nowhere');
  });
});

describe('output nodes', () => {
  it('are required', () => {
    const { response } = check({ 1: node('TestNumber', { value: 1 }) });
    expect(response.error.type).toBe('prompt_no_outputs');
  });

  it('are valid or invalid independently of each other', () => {
    const { error, outputs, nodeErrors } = check({
      1: node('TestNumber', { value: 1 }),
      2: save(['1', 0]),
      3: node('TestSave', { value: ['1', 0] }),
    });
    expect({ error, outputs, withErrors: [...nodeErrors.keys()] }).toEqual({
      error: null,
      outputs: ['2'],
      withErrors: ['3'],
    });
  });
});

describe('thousands of errors', () => {
  /** As many nodes with a missing file as outputs; counts the listings that are read. */
  function checkMissing(count: number) {
    let listings = 0;
    const files = Array.from({ length: 500 }, (_, i) => `some-model-${i}.safetensors`);
    const counting: NodeEnvironment = {
      ...environment(files),
      modelFiles: () => {
        listings++;
        return [...files];
      },
    };
    const nodes = Array.from({ length: count }, (_, i): [string, JsonObject][] => [
      [`${i}`, node('CheckpointLoaderSimple', { ckpt_name: `some-modle-${i}.safetensors` })],
      [`out${i}`, node('PreviewAny', { source: [`${i}`, 0] })],
    ]);
    const { graph } = readWorkflow(Object.fromEntries(nodes.flat()));
    const validation = validate(graph, ALL_NODES, counting);
    return { ...validation, listings, length: dumpsJson(errorResponse(validation)).length };
  }

  it('read each listing once', () => {
    expect(checkMissing(500).listings).toBe(1);
  });

  it('have a response that grows with them, and name each node', () => {
    const few = checkMissing(500);
    const many = checkMissing(2000);
    expect(many.nodeErrors.size).toBe(2000);
    expect(many.problems.length).toBe(2000);
    expect(many.length / few.length).toBeLessThan(5);
    expect(many.nodeErrors.get('0')!.dependent_outputs.length).toBe(100);
  });

  it('have near matches for the first ones only', () => {
    const near = checkMissing(2000).problems.map(({ hint }) => hint!.startsWith('Did you mean'));
    expect(near[0]).toBe(true);
    expect(near.filter(Boolean).length).toBeLessThan(200);
  });
});
