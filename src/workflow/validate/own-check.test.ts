// Validation by nodes themselves (VALIDATE_INPUTS), union types, dynamic inputs and outputs. After
// the validation cases of ComfyUI's tests/execution/test_execution.py and
// tests-unit/execution_test/validate_node_input_test.py.
import { describe, expect, it } from 'vitest';
import { FLOW_NODES } from '../../../test/support/flow-nodes.ts';
import { dumpsJson } from '../../formats/dumps-json.ts';
import type { Json } from '../../formats/json.ts';
import {
  defineNode,
  float,
  type InputCheck,
  int,
  modelFile,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../nodes/declare.ts';
import { apiGraphOf } from '../api-graph.ts';
import { socketTypesMatch } from '../input-spec.ts';
import { readWorkflow } from '../read/read.ts';
import { validate } from './validate.ts';

const environment = {
  modelFiles: () => [],
  inputFiles: () => [],
  hasInput: () => false,
  wildcards: () => new Map(),
};
const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({ class_type, inputs });

const declare = (
  type: string,
  check: InputCheck | undefined,
  inputs: NodeDeclaration['inputs'],
): NodeDeclaration =>
  defineNode({
    type,
    display: type,
    category: 'test',
    inputs,
    outputs: [output('FLOAT')],
    validate: check,
    run: () => outputs(0),
  });
const zeroToOne = () => float({ min: 0, max: 1 });
const union = () => socket('IMAGE,FLOAT');
const noSevens: InputCheck['check'] = ({ b }) =>
  b === 7 ? "7s are not allowed. I've never liked 7s." : true;

const NODES = new Map([
  ...FLOW_NODES,
  ...[
    declare('Plain', undefined, { a: zeroToOne(), b: zeroToOne() }),
    declare('ChecksAll', { check: noSevens }, { a: zeroToOne(), b: zeroToOne() }),
    declare('ChecksB', { of: ['b'], check: noSevens }, { a: zeroToOne(), b: zeroToOne() }),
    declare('Union', undefined, { a: union(), b: union() }),
    declare(
      'ChecksTypes',
      {
        of: [],
        types: true,
        check: (_values, _environment, types) =>
          types['a'] === 'INT' ? 'Invalid type of a: INT' : true,
      },
      { a: zeroToOne(), b: zeroToOne() },
    ),
    declare('Broken', { check: () => JSON.parse('{') }, { a: zeroToOne() }),
    declare('Whole', undefined, { value: int() }),
    declare('Model', undefined, { name: modelFile('checkpoints') }),
  ].map((declaration) => [declaration.type, declaration] as const),
  [
    'Int',
    defineNode({
      type: 'Int',
      display: 'Int',
      category: 'test',
      inputs: {},
      outputs: [output('INT')],
      run: () => outputs(5),
    }),
  ],
]);

const check = (prompt: Record<string, unknown>) =>
  validate(readWorkflow(prompt as Json).graph, NODES, environment);
/** The errors of node `id` in a prompt. */
const errorsAt = (id: string, prompt: Record<string, unknown>) =>
  check(prompt).nodeErrors.get(id)?.errors ?? [];
/** The errors of a node of this type; `int` and `float` are nodes that it can be linked to. */
const errorsOf = (type: string, inputs: Record<string, unknown>) =>
  errorsAt('1', {
    1: node(type, inputs),
    2: node('Show', { value: ['1', 0] }),
    int: node('Int'),
    float: node('Stub', { value: 5 }),
  });

describe('the check of a node', () => {
  it('replaces the range check of the inputs that it covers', () => {
    expect(errorsOf('Plain', { a: 5, b: 5 }).map((e) => e.type)).toEqual([
      'value_bigger_than_max',
      'value_bigger_than_max',
    ]);
    expect(errorsOf('ChecksAll', { a: 0, b: 5 })).toEqual([]);
  });

  it('is reported for each input that it covers', () => {
    expect(errorsOf('ChecksAll', { a: 0, b: 7 })).toEqual(
      ['a', 'b'].map((name) => ({
        type: 'custom_validation_failed',
        message: 'Custom validation failed for node',
        details: `${name} - 7s are not allowed. I've never liked 7s.`,
        extra_info: { input_name: name },
      })),
    );
    const { problems } = check({
      1: node('ChecksAll', { a: 0, b: 7 }),
      2: node('Show', { value: ['1', 0] }),
    });
    expect(problems).toMatchObject([{ code: 'DR_WORKFLOW_INVALID', nodeId: '1' }]);
  });

  it('leaves other inputs and conversions to the usual checks', () => {
    expect(errorsOf('ChecksB', { a: 5, b: 7 })).toMatchObject([
      { type: 'value_bigger_than_max', extra_info: { input_name: 'a' } },
      { type: 'custom_validation_failed', extra_info: { input_name: 'b' } },
    ]);
    expect(errorsOf('ChecksB', { a: 'x', b: 1 }).map((e) => e.type)).toEqual([
      'invalid_input_type',
    ]);
  });

  it('replaces the check of link types if it covers types', () => {
    expect(errorsOf('Plain', { a: ['int', 0], b: 0 }).map((e) => e.type)).toEqual([
      'return_type_mismatch',
    ]);
    expect(errorsOf('ChecksTypes', { a: ['float', 0], b: 0 })).toEqual([]);
  });

  it('is an inner exception when it throws', () => {
    const prompt = { 1: node('Broken', { a: 0 }), 2: node('Show', { value: ['1', 0] }) };
    expect(errorsAt('1', prompt).map((e) => e.type)).toEqual(['exception_during_inner_validation']);
  });
});

describe('union types', () => {
  it('accept a link or a value of any member', () => {
    expect(errorsOf('Union', { a: ['int', 0], b: 3 })).toMatchObject([
      {
        type: 'return_type_mismatch',
        details: 'a, received_type(INT) mismatch input_type(IMAGE,FLOAT)',
      },
    ]);
    expect(errorsOf('Union', { a: ['float', 0], b: 3 })).toEqual([]);
  });

  it.each([
    { received: 'STRING', expected: 'STRING' },
    { received: 'STRING,INT', expected: 'INT,STRING' },
    { received: 'STRING', expected: 'STRING,INT' },
    { received: 'STRING,BOOLEAN', expected: 'STRING,INT' },
    { received: 'STRING, INT', expected: 'INT' },
    { received: '*', expected: 'MODEL' },
    { received: 'MODEL', expected: '*' },
  ])('match when they share a member: $received and $expected', ({ received, expected }) => {
    expect(socketTypesMatch(received, expected)).toBe(true);
  });

  it.each([
    { received: 'INT', expected: 'STRING' },
    { received: 'STRING,INT', expected: 'FLOAT,BOOLEAN' },
    { received: '', expected: 'STRING' },
  ])('do not match otherwise: $received and $expected', ({ received, expected }) => {
    expect(socketTypesMatch(received, expected)).toBe(false);
  });
});

describe('dynamic inputs and outputs', () => {
  it('are checked unless they are lazy', () => {
    const promptWith = (type: string) => ({
      1: node('Model', { name: 'missing.safetensors' }),
      ok: node('Stub', { value: 1 }),
      2: node(type, {
        select: 1,
        value1: ['ok', 0],
        value2: ['1', 0],
        input1: ['ok', 0],
        input2: ['1', 0],
      }),
      3: node('Show', { value: ['2', 0] }),
    });
    expect(check(promptWith('MakeList')).problems.map((p) => p.code)).toEqual(['DR_MODEL_MISSING']);
    expect(check(promptWith('Switch')).error).toBeNull();
  });

  it('have unconverted values upstream, as ComfyUI does not validate them', () => {
    const { graph } = check({
      a: node('Stub', { value: '1' }),
      b: node('Stub', { value: '2' }),
      list: node('MakeList', { value1: ['a', 0], value2: ['b', 0] }),
      out: node('Show', { value: ['list', 0] }),
    });
    expect(dumpsJson(apiGraphOf(graph))).toContain(
      '"a": {"class_type": "Stub", "inputs": {"value": 1.0}}, ' +
        '"b": {"class_type": "Stub", "inputs": {"value": "2"}}',
    );
  });

  it('include outputs beyond the declared ones, if the node has any', () => {
    const promptWith = (type: string) => ({
      1: node(type, { select: 1, input: 0 }),
      2: node('Show', { value: ['1', 5] }),
    });
    expect(check(promptWith('InverseSwitch')).error).toBeNull();
    expect(check(promptWith('Switch')).error).not.toBeNull();
  });
});
