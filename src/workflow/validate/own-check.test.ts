// Own checks of nodes, union types, inputs and outputs beyond the declared ones. After the
// validation cases of ComfyUI's tests/execution/test_execution.py and
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
const unit = () => float({ min: 0, max: 1 });
const union = () => socket('IMAGE,FLOAT');
const noSevens: InputCheck['check'] = ({ b }) =>
  b === 7 ? "7s are not allowed. I've never liked 7s." : true;

const NODES = new Map([
  ...FLOW_NODES,
  ...[
    declare('Plain', undefined, { a: unit(), b: unit() }),
    declare('JudgesAll', { check: noSevens }, { a: unit(), b: unit() }),
    declare('JudgesB', { of: ['b'], check: noSevens }, { a: unit(), b: unit() }),
    declare('Union', undefined, { a: union(), b: union() }),
    declare(
      'JudgesTypes',
      {
        of: [],
        types: true,
        check: (_values, _environment, types) =>
          types['a'] === 'INT' ? 'Invalid type of a: INT' : true,
      },
      { a: unit(), b: unit() },
    ),
    declare('Broken', { check: () => JSON.parse('{') }, { a: unit() }),
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
const errorsAt = (id: string, prompt: Record<string, unknown>) =>
  check(prompt).nodeErrors.get(id)?.errors ?? [];
const one = (type: string, inputs: Record<string, unknown>) =>
  errorsAt('1', {
    1: node(type, inputs),
    2: node('Show', { value: ['1', 0] }),
    int: node('Int'),
    float: node('Stub', { value: 5 }),
  });

describe('own checks', () => {
  it('stand in place of the check of range, for the inputs that they judge', () => {
    expect(one('Plain', { a: 5, b: 5 }).map((e) => e.type)).toEqual([
      'value_bigger_than_max',
      'value_bigger_than_max',
    ]);
    expect(one('JudgesAll', { a: 0, b: 5 })).toEqual([]);
    expect(one('JudgesAll', { a: 0, b: 7 })).toEqual(
      ['a', 'b'].map((name) => ({
        type: 'custom_validation_failed',
        message: 'Custom validation failed for node',
        details: `${name} - 7s are not allowed. I've never liked 7s.`,
        extra_info: { input_name: name },
      })),
    );
    expect(one('JudgesB', { a: 5, b: 7 }).map((e) => [e.type, e.extra_info['input_name']])).toEqual(
      [
        ['value_bigger_than_max', 'a'],
        ['custom_validation_failed', 'b'],
      ],
    );
    expect(one('JudgesB', { a: 'x', b: 1 }).map((e) => e.type)).toEqual(['invalid_input_type']);
    const { problems } = check({
      1: node('JudgesAll', { a: 0, b: 7 }),
      2: node('Show', { value: ['1', 0] }),
    });
    expect(problems).toMatchObject([{ code: 'DR_WORKFLOW_INVALID', nodeId: '1' }]);
  });

  it('a check of types stands in place of the usual one', () => {
    expect(one('Plain', { a: ['int', 0], b: 0 }).map((e) => e.type)).toEqual([
      'return_type_mismatch',
    ]);
    expect(one('JudgesTypes', { a: ['float', 0], b: 0 })).toEqual([]);
  });

  it('one that fails itself is an error of the node behind', () => {
    const prompt = { 1: node('Broken', { a: 0 }), 2: node('Show', { value: ['1', 0] }) };
    expect(errorsAt('1', prompt).map((e) => e.type)).toEqual(['exception_during_inner_validation']);
  });
});

describe('types', () => {
  it('unions take a link or a value of any member', () => {
    expect(one('Union', { a: ['int', 0], b: 3 })).toMatchObject([
      {
        type: 'return_type_mismatch',
        details: 'a, received_type(INT) mismatch input_type(IMAGE,FLOAT)',
      },
    ]);
    expect(one('Union', { a: ['float', 0], b: 3 })).toEqual([]);
  });

  it('meet when they share a member', () => {
    const meets = ([a, b]: [string, string]): boolean => socketTypesMatch(a, b);
    const yes: [string, string][] = [
      ['STRING', 'STRING'],
      ['STRING,INT', 'INT,STRING'],
      ['STRING', 'STRING,INT'],
      ['STRING,BOOLEAN', 'STRING,INT'],
      ['STRING, INT', 'INT'],
      ['*', 'MODEL'],
      ['MODEL', '*'],
    ];
    expect(yes.filter((pair) => !meets(pair))).toEqual([]);
    const no: [string, string][] = [
      ['INT', 'STRING'],
      ['STRING,INT', 'FLOAT,BOOLEAN'],
      ['', 'STRING'],
    ];
    expect(no.filter(meets)).toEqual([]);
  });
});

describe('inputs and outputs beyond the declared ones', () => {
  it('what will be evaluated is checked, what is lazy is left for later', () => {
    const behind = (type: string) => ({
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
    expect(check(behind('MakeList')).problems.map((p) => p.code)).toEqual(['DR_MODEL_MISSING']);
    expect(check(behind('Switch')).error).toBeNull();
  });

  it('the prompt keeps the values that the original does not look at', () => {
    const { graph } = check({
      a: node('Stub', { value: '1' }),
      b: node('Stub', { value: '2' }),
      list: node('MakeList', { value1: ['a', 0], value2: ['b', 0] }),
      out: node('Show', { value: ['list', 0] }),
    });
    expect(dumpsJson(apiGraphOf(graph))).toContain(
      '"a": {"class_type": "Stub", "inputs": {"value": 1.0}}, "b": {"class_type": "Stub", "inputs": {"value": "2"}}',
    );
  });

  it('further outputs, where a node has them', () => {
    const behind = (type: string) => ({
      1: node(type, { select: 1, input: 0 }),
      2: node('Show', { value: ['1', 5] }),
    });
    expect(check(behind('InverseSwitch')).error).toBeNull();
    expect(check(behind('Switch')).error).not.toBeNull();
  });
});
