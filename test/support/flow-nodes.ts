// Nodes that control an execution: lazy inputs, blockers, lists, expansion, loops, fingerprints.
// After ComfyUI's tests/execution/testing_nodes, with numbers in place of images.
import {
  boolean,
  combo,
  defineListNode,
  defineNode,
  float,
  inputNamed,
  int,
  type NodeDeclaration,
  numberedInputs,
  type Output,
  output,
  outputs,
  socket,
  string,
} from '../../src/nodes/declare.ts';
import { isOutputLink, type OutputLink } from '../../src/nodes/graph-builder.ts';
import { blocker } from '../../src/nodes/socket-values.ts';

const common = { category: 'test', display: 'Test' };
const any = () => socket('*');

const stub = defineNode({
  ...common,
  type: 'Stub',
  inputs: { value: float({ min: -1e9, max: 1e9 }) },
  outputs: [output('FLOAT')],
  run: ({ value }) => outputs(value),
});

const fail = defineNode({
  ...common,
  type: 'Fail',
  inputs: { value: any() },
  outputs: [output('*')],
  run: () => {
    throw new Error('boom');
  },
});

/** Shows a value, and outputs it. */
const show = defineNode({
  ...common,
  type: 'Show',
  outputNode: true,
  inputs: { value: any() },
  outputs: [output('*')],
  run: ({ value }) => ({ outputs: [value], ui: { value: [value], text: [String(value)] } }),
});

const lazyMix = defineNode({
  ...common,
  type: 'LazyMix',
  inputs: {
    a: socket('FLOAT', { lazy: true }),
    b: socket('FLOAT', { lazy: true }),
    mask: socket('FLOAT'),
  },
  outputs: [output('FLOAT')],
  needs: ({ a, b, mask }) => [
    ...(a === undefined && mask !== 1 ? ['a'] : []),
    ...(b === undefined && mask !== 0 ? ['b'] : []),
  ],
  run: ({ a, b, mask }) =>
    outputs((mask === 1 ? 0 : a! * (1 - mask)) + (mask === 0 ? 0 : b! * mask)),
});

/** Outputs one of input1, input2 …, like the switch of the Impact Pack. */
const select = defineNode({
  ...common,
  type: 'Switch',
  inputs: { select: int({ default: 1, min: 1 }), label: string({ optional: true }) },
  dynamicInputs: { pattern: /^input\d+$/, input: socket('*', { lazy: true }) },
  outputs: [output('*')],
  needs: ({ select }) => [`input${select}`],
  run: (inputs) => outputs(inputNamed(inputs, `input${inputs.select}`)),
});

/** Outputs its input at one of as many outputs as are connected, and blocks the others. */
const inverse = defineNode({
  ...common,
  type: 'InverseSwitch',
  inputs: { select: int({ default: 1, min: 1 }), input: any() },
  hidden: { prompt: 'PROMPT', unique_id: 'UNIQUE_ID' },
  outputs: [output('*')] as readonly Output[],
  dynamicOutput: output('*'),
  run: ({ select, input }, context) => {
    const nodes = Object.values(context.prompt()) as { inputs: Record<string, unknown> }[];
    const links = nodes.flatMap((node) => Object.values(node.inputs)).filter(isOutputLink);
    const count =
      1 + Math.max(0, ...links.filter(([id]) => id === context.nodeId).map(([, slot]) => slot));
    return {
      outputs: Array.from({ length: count }, (_, i) => (i + 1 === select ? input : blocker())),
    };
  },
});

const average = defineNode({
  ...common,
  type: 'Average',
  inputs: { input1: socket('FLOAT') },
  dynamicInputs: { pattern: /^input\d+$/, input: socket('FLOAT') },
  outputs: [output('FLOAT')],
  run: (inputs) => {
    const values = numberedInputs<number>(inputs, 'input').map(([, value]) => value);
    return outputs(values.reduce((sum, value) => sum + value, 0) / values.length);
  },
});

const block = defineNode({
  ...common,
  type: 'Block',
  inputs: { input: any(), block: boolean(), verbose: boolean() },
  outputs: [output('*')],
  run: ({ input, block, verbose }) =>
    outputs(block ? blocker(verbose ? 'Blocked Execution' : undefined) : input),
});

const makeList = defineNode({
  ...common,
  type: 'MakeList',
  inputs: { value1: any() },
  dynamicInputs: { pattern: /^value\d+$/, input: any() },
  outputs: [output('*', 'list', true)],
  run: (inputs) => outputs(numberedInputs(inputs, 'value').map(([, value]) => value)),
});

const total = defineListNode({
  ...common,
  type: 'Total',
  inputs: { values: socket('FLOAT'), start: socket('FLOAT', { lazy: true }) },
  outputs: [output('FLOAT')],
  needs: ({ values, start }) => (values!.length > 2 && start![0] === undefined ? ['start'] : []),
  run: ({ values, start }) => outputs(values.reduce((sum, value) => sum + value, start?.[0] ?? 0)),
});

const equals = defineNode({
  ...common,
  type: 'Equals',
  inputs: { a: socket('FLOAT'), b: float({ max: 1000 }) },
  outputs: [output('BOOLEAN')],
  run: ({ a, b }) => outputs(a === b),
});

const math = defineNode({
  ...common,
  type: 'Math',
  inputs: { a: socket('INT,FLOAT'), b: socket('INT,FLOAT'), operation: combo(['add', 'subtract']) },
  outputs: [output('FLOAT')],
  run: ({ a, b, operation }) =>
    outputs(operation === 'add' ? Number(a) + Number(b) : Number(a) - Number(b)),
});

const toBool = defineNode({
  ...common,
  type: 'ToBool',
  inputs: { value: any() },
  outputs: [output('BOOLEAN')],
  run: ({ value }) => outputs(Boolean(value)),
});

/** Outputs a value up to 0.2 as it is, and expands to a graph that computes larger ones. */
const mixed = defineNode({
  ...common,
  type: 'MixedExpansion',
  inputs: { input1: socket('FLOAT') },
  outputs: [output('FLOAT'), output('FLOAT')],
  run: ({ input1 }, context) => {
    if (input1 <= 0.2) return outputs(input1, 1);
    const graph = context.subgraph();
    const [zero, one, mask] = [0, 1, input1].map((value) => graph.node('Stub', { value }));
    const mix = graph.node('LazyMix', { a: zero.out(0), b: one.out(0), mask: mask.out(0) });
    return { outputs: [mix.out(0), 1], expand: graph.finish() };
  },
});

/** Expands to itself until `depth` is 0, then to a node of the type `last`. */
const nested = defineNode({
  ...common,
  type: 'Nested',
  inputs: { value: any(), depth: int(), last: string({ default: 'Show' }) },
  outputs: [output('*')],
  run: ({ value, depth, last }, context) => {
    const graph = context.subgraph();
    const inner =
      depth > 0
        ? graph.node('Nested', { value, depth: depth - 1, last })
        : graph.node(last, { value });
    return { outputs: [inner.out(0)], expand: graph.finish() };
  },
});

const circle = defineNode({
  ...common,
  type: 'Circle',
  inputs: { value: socket('FLOAT') },
  outputs: [output('FLOAT')],
  run: ({ value }, context) => {
    const graph = context.subgraph();
    const first = graph.node('Average', { input1: value });
    const second = graph.node('Average', { input1: first.out(0) });
    first.set('input2', second.out(0));
    return { outputs: [second.out(0)], expand: graph.finish() };
  },
});

const changed = defineNode({
  ...common,
  type: 'Changed',
  inputs: { value: any(), should_change: boolean({ optional: true }) },
  outputs: [output('*')],
  fingerprint: ({ should_change }) => (should_change ? Number.NaN : false),
  run: ({ value }) => outputs(value),
});

/** Uses its context: state, status, messages, interrupt, extra data. */
const speak = defineNode({
  ...common,
  type: 'Speak',
  outputNode: true,
  inputs: { value: any(), stop: boolean() },
  hidden: { unique_id: 'UNIQUE_ID', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputs: [],
  run: ({ value, stop }, context) => {
    const count = Number(context.state.get('count') ?? 0) + 1;
    context.state.set('count', count);
    context.status(`${count} done`, 0.5);
    context.send('value-send', { link_id: 0, value });
    if (stop) context.interrupt();
    return {
      outputs: [],
      ui: { text: [JSON.stringify({ id: context.nodeId, extra: context.extra(), count })] },
    };
  },
});

const SLOTS = [0, 1, 2, 3, 4];
const initial = (slot: number): string => `initial_value${slot}`;
const flow = {
  dynamicInputs: { pattern: /^initial_value\d$/, input: any() },
  outputs: SLOTS.map(() => output('*')),
};

const whileOpen = defineNode({
  ...common,
  ...flow,
  type: 'WhileOpen',
  inputs: { condition: socket('*') },
  outputs: [output('*'), ...flow.outputs],
  run: (inputs) => outputs('stub', ...SLOTS.map((slot) => inputNamed(inputs, initial(slot)))),
});

const whileClose = defineNode({
  ...common,
  ...flow,
  type: 'WhileClose',
  inputs: { flow_control: socket('*', { rawLink: true }), condition: socket('BOOLEAN') },
  hidden: { dynprompt: 'DYNPROMPT', unique_id: 'UNIQUE_ID' },
  run: (inputs, { graph: prompt, nodeId, subgraph }) => {
    if (!inputs.condition)
      return outputs(...SLOTS.map((slot) => inputNamed(inputs, initial(slot))));
    const [open] = inputs.flow_control as OutputLink;
    const linksOf = (id: string) =>
      Object.entries(prompt.node(id)!.inputs).filter(([, value]) => isOutputLink(value)) as [
        string,
        OutputLink,
      ][];
    /** Which nodes are between the two ends of the loop. */
    const isInside = new Map([[open, true]]);
    const contained = (id: string): boolean => {
      if (!isInside.has(id))
        isInside.set(
          id,
          linksOf(id)
            .map(([, [source]]) => contained(source))
            .includes(true),
        );
      return isInside.get(id)!;
    };
    contained(nodeId);
    const inside = [...isInside].filter(([, value]) => value).map(([id]) => id);
    const nameOf = (id: string): string => (id === nodeId ? 'Recurse' : id);
    const graph = subgraph();
    for (const id of inside)
      graph.node(prompt.node(id)!.classType, {}, { id: nameOf(id), displayId: id });
    for (const id of inside)
      for (const [name, value] of Object.entries(prompt.node(id)!.inputs)) {
        const source =
          isOutputLink(value) && inside.includes(value[0])
            ? graph.lookup(nameOf(value[0]))!.out(value[1])
            : value;
        graph.lookup(nameOf(id))!.set(name, source);
      }
    for (const slot of SLOTS)
      graph.lookup(open)!.set(initial(slot), inputNamed(inputs, initial(slot)));
    return {
      outputs: SLOTS.map((slot) => graph.lookup('Recurse')!.out(slot)),
      expand: graph.finish(),
    };
  },
});

const forOpen = defineNode({
  ...common,
  ...flow,
  type: 'ForOpen',
  inputs: { remaining: int({ default: 1, max: 100000 }) },
  outputs: [output('*'), output('INT'), ...flow.outputs.slice(1)],
  run: (inputs, context) => {
    const remaining = inputNamed(inputs, initial(0)) ?? inputs.remaining;
    const graph = context.subgraph();
    graph.node('WhileOpen', { condition: remaining, [initial(0)]: remaining });
    return {
      outputs: [
        'stub',
        remaining as number,
        ...SLOTS.slice(1).map((slot) => inputNamed(inputs, initial(slot))),
      ],
      expand: graph.finish(),
    };
  },
});

const forClose = defineNode({
  ...common,
  type: 'ForClose',
  inputs: { flow_control: socket('*', { rawLink: true }) },
  dynamicInputs: { pattern: flow.dynamicInputs.pattern, input: socket('*', { rawLink: true }) },
  outputs: flow.outputs.slice(1),
  run: (inputs, context) => {
    const flow_control = inputs.flow_control as OutputLink;
    const graph = context.subgraph();
    const sub = graph.node('Math', { operation: 'subtract', a: [flow_control[0], 1], b: 1 });
    const condition = graph.node('ToBool', { value: sub.out(0) }).out(0);
    const values = Object.fromEntries(
      SLOTS.slice(1).map((slot) => [initial(slot), inputNamed(inputs, initial(slot))]),
    );
    const close = graph.node('WhileClose', {
      flow_control,
      condition,
      [initial(0)]: sub.out(0),
      ...values,
    });
    return { outputs: SLOTS.slice(1).map((slot) => close.out(slot)), expand: graph.finish() };
  },
});

export const FLOW_NODES: ReadonlyMap<string, NodeDeclaration> = new Map(
  [
    stub,
    fail,
    show,
    lazyMix,
    select,
    inverse,
    average,
    block,
    makeList,
    total,
    equals,
    math,
    toBool,
    mixed,
    nested,
    circle,
    changed,
    speak,
    whileOpen,
    whileClose,
    forOpen,
    forClose,
  ].map((node) => [node.type, node]),
);
