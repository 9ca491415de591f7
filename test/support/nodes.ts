// Nodes without networks, for tests of the engine and the command line: numbers, lists, a slow one,
// one that saves text.
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAborted, DarkroomError } from '../../src/errors.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  inputFile,
  int,
  modelFile,
  type NodeDeclaration,
  output,
  outputs,
  seed,
  socket,
  string,
} from '../../src/nodes/declare.ts';

const common = { category: 'test' };

const number = defineNode({
  ...common,
  type: 'TestNumber',
  display: 'Number',
  inputs: { value: int({ min: -100, max: 100 }), seed: seed({ optional: true }) },
  outputs: [output('INT'), output('STRING')],
  run: ({ value, seed: s }) => outputs(value, `${typeof s}:${s}`),
});

const values = defineNode({
  ...common,
  type: 'TestValues',
  display: 'Values',
  inputs: {
    int: int({ min: 1, max: 10 }),
    float: float({ min: 0, max: 10 }),
    text: string(),
    flag: boolean(),
    choice: combo(['euler', "it's"]),
    model: modelFile('checkpoints', { optional: true }),
    image: { ...inputFile(), optional: true },
    socket: socket('MODEL', { optional: true }),
  },
  outputs: [output('STRING')],
  run: (inputs) => outputs(JSON.stringify(inputs)),
});

const range = defineNode({
  ...common,
  type: 'TestRange',
  display: 'Range',
  inputs: { count: int() },
  outputs: [output('INT', 'items', true)],
  run: ({ count }) => outputs(Array.from({ length: count }, (_, i) => i)),
});

const sum = defineNode({
  ...common,
  type: 'TestAdd',
  display: 'Add',
  inputs: { a: socket('INT'), b: socket('INT') },
  outputs: [output('INT')],
  run: ({ a, b }) => outputs(Number(a) + Number(b)),
});

const total = defineNode({
  ...common,
  type: 'TestTotal',
  display: 'Total',
  inputIsList: true,
  inputs: { items: socket('INT'), label: string() },
  outputs: [output('INT')],
  run: (inputs) => {
    const { items } = inputs as unknown as { items: number[] };
    return outputs(items.reduce((n, i) => n + i, 0));
  },
});

const slow = defineNode({
  ...common,
  type: 'TestSlow',
  display: 'Slow',
  // `deaf` ignores the cancel message by blocking the thread
  inputs: {
    steps: int({ max: 100000 }),
    ms: int({ max: 1e6 }),
    deaf: boolean(),
    value: socket('*', { optional: true }),
  },
  outputs: [output('INT')],
  run: async ({ steps, ms, deaf }, context) => {
    for (let i = 0; i < steps; i++) {
      checkAborted(context.signal);
      context.progress(i + 1, steps, () => ({
        width: 8,
        height: 8,
        channels: 3,
        bytes: new Uint8Array(192).fill(i),
      }));
      if (deaf) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      else await sleep(ms);
    }
    return outputs(steps);
  },
});

const fail = defineNode({
  ...common,
  type: 'TestFail',
  display: 'Fail',
  inputs: { how: string() },
  outputs: [output('INT')],
  run: ({ how }) => {
    if (how === 'known')
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: 'shapes differ',
        hint: 'Use equal shapes.',
      });
    if (how === 'memory') throw new RangeError('Array buffer allocation failed');
    if (how === 'exit') process.exit(9);
    throw new Error(how);
  },
});

let runs = 0;

const save = defineNode({
  ...common,
  type: 'TestSave',
  display: 'Save',
  outputNode: true,
  inputs: {
    value: socket('*'),
    filename_prefix: string({ default: 'test' }),
    copies: int({ optional: true, default: 1 }),
  },
  outputs: [],
  run: async ({ value, filename_prefix, copies }, context) => {
    context.warn('saving');
    const text = JSON.stringify({ value, runs: ++runs, ...context.metadata() }, (_, v) =>
      typeof v === 'bigint' ? String(v) : v,
    );
    const images = await context.save({
      type: 'output',
      prefix: filename_prefix,
      extension: 'txt',
      size: { width: 8, height: 16 },
      files: Array.from({ length: copies ?? 1 }, () => Buffer.from(text)),
    });
    return { outputs: [], ui: { images } };
  },
});

// leaves a half-written file, like a process that dies while it saves
const half = defineNode({
  ...common,
  type: 'TestHalf',
  display: 'Half',
  outputNode: true,
  inputs: { value: socket('*', { optional: true }) },
  outputs: [],
  run: async (_, context) => {
    const { writeFileSync } = await import('node:fs');
    const { temporaryPath } = await import('../../src/writer-identity.ts');
    const [first] = await context.save({
      type: 'output',
      prefix: 'half',
      extension: 'txt',
      size: { width: 1, height: 1 },
      files: [Buffer.from('x')],
    });
    writeFileSync(temporaryPath(dirname(first.path), 'half_00002_.txt'), 'ha');
    context.progress(1, 2);
    await sleep(60_000);
    return { outputs: [] };
  },
});

/** Its preparation takes `ms`, or all memory. */
const prepared = defineNode({
  ...common,
  type: 'TestPrepared',
  display: 'Prepared',
  inputs: { ms: int({ min: 0, max: 1e6 }), allocates: boolean() },
  outputs: [output('INT')],
  prepare: {
    edit: (id, prompt) => {
      const end = Date.now() + Number(prompt.input(id, 'ms'));
      const memory: number[][] = [];
      while (Date.now() < end)
        if (prompt.input(id, 'allocates') === true) memory.push(new Array(1e5).fill(memory.length));
    },
  },
  run: () => outputs(1),
});

export const NODES: ReadonlyMap<string, NodeDeclaration> = new Map(
  [number, values, range, sum, total, slow, fail, save, half, prepared].map((node) => [
    node.type,
    node,
  ]),
);
/** The module that the engine process imports. */
export const NODES_MODULE = import.meta.url;
