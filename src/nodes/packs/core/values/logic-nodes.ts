// Nodes that choose, compare and list values of any type.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_logic.py, nodes_toolkit.py.
import { DarkroomError } from '../../../../errors.ts';
import {
  autogrow,
  boolean,
  combo,
  defineListNode,
  defineNode,
  inputNamed,
  matchOutput,
  matchSocket,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { isTruthy } from '../../../shared/python-truth.ts';

const category = 'utilities/logic';

const ComfySwitchNode = defineNode({
  type: 'ComfySwitchNode',
  display: 'If/Else Switch',
  category,
  experimental: true,
  inputs: {
    switch: boolean(),
    on_false: matchSocket('switch', '*', { lazy: true }),
    on_true: matchSocket('switch', '*', { lazy: true }),
  },
  outputs: [matchOutput('switch', '*', 'output')],
  needs: (inputs) => [chosen(inputs.switch)],
  run: (inputs) => outputs(inputs[chosen(inputs.switch)]),
});

const chosen = (value: boolean | undefined) => (value ? 'on_true' : 'on_false');

const values = () => autogrow('value', socket('*'), { prefix: 'value' });

const ComfyNotNode = defineNode({
  type: 'ComfyNotNode',
  display: 'Not',
  category,
  description: "True if the value is false, by Python's rules.",
  inputs: { value: socket('*') },
  outputs: [output('BOOLEAN')],
  run: ({ value }) => outputs(!isTruthy(value)),
});

const ComfyAndNode = defineNode({
  type: 'ComfyAndNode',
  display: 'And',
  category,
  description: "True if all values are true, by Python's rules.",
  inputs: { values: values() },
  outputs: [output('BOOLEAN')],
  run: (inputs) => outputs(Object.values(inputs.values).every(isTruthy)),
});

const ComfyOrNode = defineNode({
  type: 'ComfyOrNode',
  display: 'Or',
  category,
  description: "True if one of the values is true, by Python's rules.",
  inputs: { values: values() },
  outputs: [output('BOOLEAN')],
  run: (inputs) => outputs(Object.values(inputs.values).some(isTruthy)),
});

const CreateList = defineListNode({
  type: 'CreateList',
  display: 'Create List',
  category: 'utilities',
  inputs: { inputs: autogrow('input', matchSocket('type', '*'), { prefix: 'input' }) },
  outputs: [matchOutput('type', '*', 'list', true)],
  run: ({ inputs }) => outputs(Object.values(inputs).flat()),
});

const OPTION = /^option(\d+)$/;

const CustomCombo = defineNode({
  type: 'CustomCombo',
  display: 'Custom Combo',
  category: 'utilities',
  experimental: true,
  inputs: { choice: combo([]) },
  // `index`, and the options, which only the editor uses
  dynamicInputs: { pattern: /^(?:index|option\d+)$/, input: socket('*') },
  editorWidgets: {
    names: (values) => {
      const before = typeof values[1] === 'string' ? ['choice'] : ['choice', 'index'];
      return [...before, ...values.slice(before.length).map((_, i) => `option${i + 1}`)];
    },
    computed: (inputs) => {
      const options = Object.entries(inputs).filter(([name]) => OPTION.test(name));
      return { index: options.findIndex(([, value]) => value === inputs['choice']) };
    },
  },
  outputs: [output('STRING'), output('INT', 'INDEX')],
  validate: { check: () => true },
  run(inputs) {
    const index = inputNamed(inputs, 'index') ?? 0;
    if (typeof index !== 'number' && typeof index !== 'bigint')
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: "'index' is not a number",
        hint: 'Give the number of the choice among the options, from 0 on, or leave it out.',
        input: 'index',
      });
    return outputs(inputs.choice, index);
  },
});

export const LOGIC_NODES: readonly NodeDeclaration[] = [
  ComfySwitchNode,
  CustomCombo,
  ComfyNotNode,
  ComfyAndNode,
  ComfyOrNode,
  CreateList,
];
