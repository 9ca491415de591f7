// Expected values: get_finalized_class_inputs and build_nested_inputs of ComfyUI 0.33.0, on its
// test nodes DCTestNode and AutogrowPrefixTestNode.
import { describe, expect, it } from 'vitest';
import { testContext } from '../../test/support/run-node.ts';
import {
  autogrow,
  defineNode,
  dynamicCombo,
  float,
  int,
  outputs,
  socket,
  string,
} from './declare.ts';
import { flatDeclaration, namesBeyondGrowth, nestedValues } from './nested-inputs.ts';

const combo = dynamicCombo({
  option1: { string: string() },
  option2: { integer: int() },
  option3: { image: socket('IMAGE') },
  option4: {
    subcombo: dynamicCombo({
      opt1: { float_x: float(), float_y: float() },
      opt2: { mask1: socket('MASK', { optional: true }) },
    }),
  },
});
const grown = autogrow('float', float(), { prefix: 'float', min: 1, max: 10 });

const node = defineNode({
  type: 'Nested',
  display: 'Nested',
  category: 'test',
  inputs: { combo, autogrow: grown },
  outputs: [],
  needs: (inputs) => (inputs.combo?.combo === 'option3' ? ['combo.image'] : []),
  run: (inputs) => outputs(inputs as never) as never,
});

const namesIn = (given: Record<string, unknown>, name: string): string[] =>
  Object.keys(flatDeclaration(node, given).inputs).filter((one) => one.startsWith(name));

describe('flatDeclaration', () => {
  it.each([
    [{ combo: 'option1' }, ['combo', 'combo.string']],
    [{ combo: 'option4' }, ['combo', 'combo.subcombo']],
    [
      { combo: 'option4', 'combo.subcombo': 'opt1' },
      ['combo', 'combo.subcombo', 'combo.subcombo.float_x', 'combo.subcombo.float_y'],
    ],
    [{ combo: 'zzz' }, ['combo']],
    [{ combo: ['1', 0] }, ['combo']],
    [{ combo: 'constructor' }, ['combo']],
    [{}, ['combo']],
  ])('has the inputs of the choices in %j', (given, names) => {
    expect(namesIn(given, 'combo')).toEqual(names);
  });

  it('has all names of a growing input, of which only the first must be given', () => {
    const { inputs } = flatDeclaration(node, {});
    const names = Object.keys(inputs).filter((name) => name.startsWith('autogrow'));
    expect(names).toEqual(Array.from({ length: 10 }, (_, i) => `autogrow.float${i}`));
    expect(names.filter((name) => !inputs[name].optional)).toEqual(['autogrow.float0']);
    expect(inputs['autogrow.float3']).toMatchObject({ kind: 'FLOAT', forceInput: true });
  });

  it('is made once for the same choices', () => {
    const first = flatDeclaration(node, { combo: 'option1', 'combo.string': 'a' });
    expect(flatDeclaration(node, { combo: 'option1' })).toBe(first);
    expect(flatDeclaration(node, { combo: 'option2' })).not.toBe(first);
    const plain = { ...node, inputs: {} };
    expect(flatDeclaration(plain, { combo: 'option1' })).toBe(plain);
  });

  it('calls the functions of the node with nested values', async () => {
    const flat = flatDeclaration(node, { combo: 'option1' });
    const values = { combo: 'option1', 'combo.string': 'a', 'autogrow.float2': 3 };
    const {
      outputs: [nested],
    } = await flat.run(values as never, testContext());
    expect(nested).toEqual({
      combo: { combo: 'option1', string: 'a' },
      autogrow: { float2: 3 },
    });
    expect(await flat.needs?.({ combo: 'option3' }, testContext())).toEqual(['combo.image']);
  });
});

describe('nestedValues', () => {
  it.each([
    [
      {
        combo: 'option4',
        'combo.subcombo': 'opt1',
        'combo.subcombo.float_x': 1.5,
        'combo.subcombo.float_y': 2.5,
      },
      { combo: { combo: 'option4', subcombo: { subcombo: 'opt1', float_x: 1.5, float_y: 2.5 } } },
    ],
    [{ combo: 'option4' }, { combo: { combo: 'option4' } }],
    [{ 'autogrow.float2': 3, 'autogrow.float0': 1 }, { autogrow: { float0: 1, float2: 3 } }],
    [{ other: 1 }, { other: 1 }],
  ])('of %j', (values, nested) => {
    expect(nestedValues({ combo, autogrow: grown }, values)).toEqual({ autogrow: {}, ...nested });
  });

  it('keeps the order of the names of a growing input', () => {
    const values = { 'autogrow.float2': 3, 'autogrow.float0': 1 };
    const { autogrow: nested } = nestedValues({ autogrow: grown }, values);
    expect(Object.keys(nested as object)).toEqual(['float0', 'float2']);
  });

  it('takes the lists of a node whose inputs are lists', () => {
    const values = { combo: ['option1'], 'combo.string': ['a', 'b'] };
    expect(nestedValues({ combo }, values)).toEqual({
      combo: { combo: ['option1'], string: ['a', 'b'] },
    });
  });
});

it('names beyond growth are those that the input does not have', () => {
  const given = { 'autogrow.float9': 1, 'autogrow.float10': 1, 'autogrow.x': 1, autogrown: 1 };
  expect(namesBeyondGrowth(node.inputs, given).map(([name]) => name)).toEqual([
    'autogrow.float10',
    'autogrow.x',
  ]);
});
