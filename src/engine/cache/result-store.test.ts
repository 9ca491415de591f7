// Results that outlive the engine process: what is found again, and what must not be.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ran, smallEngine } from '../../../test/support/engine.ts';
import {
  defineNode,
  float,
  modelFile,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../nodes/declare.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { openFolders } from '../../storage/folders.ts';
import { full } from '../../tensor/tensor.ts';
import { trackFileDependencies } from './file-dependencies.ts';
import { openResultStore, type ResultStore } from './result-store.ts';

const common = { category: 'test', display: 'Test', inputs: {} };
let fingerprint: number | string = 'same';

const NODES = new Map<string, NodeDeclaration>(
  [
    defineNode({
      ...common,
      type: 'Loader',
      inputs: { name: modelFile('checkpoints') },
      outputs: [output('MODEL')],
      // a model is not plain data and is never stored; what is computed with it is
      run: ({ name }, { modelPath }) =>
        outputs({
          value: Number(readFileSync(modelPath('checkpoints', name), 'utf8')),
          evaluate: () => 1,
        } as unknown as Model),
    }),
    defineNode({
      ...common,
      type: 'Draw',
      inputs: { model: socket('MODEL'), times: float({ max: 10 }) },
      outputs: [output('LATENT')],
      run: ({ model, times }) =>
        outputs({
          samples: full([1, 4, 2, 2], (model as unknown as { value: number }).value * times),
        }),
    }),
    defineNode({
      ...common,
      type: 'Double',
      inputs: { latent: socket('LATENT') },
      outputs: [output('LATENT')],
      run: ({ latent }) =>
        outputs({ samples: full(latent.samples.shape, latent.samples.data[0] * 2) }),
    }),
    defineNode({
      ...common,
      type: 'Random',
      inputs: { latent: socket('LATENT') },
      outputs: [output('LATENT')],
      run: ({ latent }, { random }) => outputs({ samples: full(latent.samples.shape, random()) }),
    }),
    defineNode({
      ...common,
      type: 'Fresh',
      inputs: { latent: socket('LATENT') },
      outputs: [output('LATENT')],
      fingerprint: () => fingerprint,
      run: ({ latent }) => outputs(latent),
    }),
    defineNode({
      ...common,
      type: 'Show',
      outputNode: true,
      inputs: { latent: socket('LATENT') },
      outputs: [],
      run: ({ latent }) => ({ outputs: [], ui: { value: [latent.samples.data[0]] } }),
    }),
  ].map((node) => [node.type, node]),
);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-results-'));
  mkdirSync(join(root, 'models', 'checkpoints'), { recursive: true });
  writeFileSync(join(root, 'models', 'checkpoints', 'a.safetensors'), '3');
  fingerprint = 'same';
});
afterEach(() => rmSync(root, { recursive: true }));

/**
 * An engine of a new process, which shares nothing with others but the folder. Every node seems to
 * take `milliseconds`.
 */
function newEngine(environment = '1', milliseconds = 1000) {
  const folders = openFolders({ models: [join(root, 'models')] });
  const files = trackFileDependencies(folders, join(root, 'hashes'));
  const real = openResultStore({ folder: join(root, 'cache'), bytes: 1e6, files, environment });
  const store: ResultStore = {
    ...real,
    save: (signature, result) => real.save(signature, result, milliseconds),
  };
  return smallEngine(NODES, files.folders, store);
}

const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({ class_type, inputs });
const drawing = (
  times: number,
  between: Record<string, unknown> = { c: node('Double', { latent: ['b', 0] }) },
) => ({
  a: node('Loader', { name: 'a.safetensors' }),
  b: node('Draw', { model: ['a', 0], times }),
  ...between,
  d: node('Show', { latent: ['c', 0] }),
});
const entries = () => readdirSync(join(root, 'cache'));

/** What a run did: the nodes that ran, and what node d showed. */
const summary = ({ ran, shown }: Ran) => ({ ran, shown: shown('d') });

it('another process finds the results in the folder, and runs nothing before them', async () => {
  const first = await newEngine()(drawing(2));
  expect(summary(first)).toEqual({ ran: ['a', 'b', 'c', 'd'], shown: [12] });
  expect(entries()).toHaveLength(2);
  const second = await newEngine()(drawing(2));
  expect(summary(second)).toEqual({ ran: ['d'], shown: [12] });
  const other = await newEngine()(drawing(3));
  expect(summary(other)).toEqual({ ran: ['a', 'b', 'c', 'd'], shown: [18] });
  const behind = await newEngine()(
    drawing(2, {
      x: node('Double', { latent: ['b', 0] }),
      c: node('Double', { latent: ['x', 0] }),
    }),
  );
  expect(summary(behind)).toEqual({ ran: ['c', 'd'], shown: [24] });
});

it('a model file is compared by its content', async () => {
  await newEngine()(drawing(2));
  writeFileSync(join(root, 'models', 'checkpoints', 'a.safetensors'), '3');
  expect((await newEngine()(drawing(2))).ran).toEqual(['d']);
  writeFileSync(join(root, 'models', 'checkpoints', 'a.safetensors'), '5');
  const changed = await newEngine()(drawing(2));
  expect(summary(changed)).toEqual({ ran: ['a', 'b', 'c', 'd'], shown: [20] });
});

it('another version finds nothing', async () => {
  await newEngine()(drawing(2));
  expect((await newEngine('2')(drawing(2))).ran).toEqual(['a', 'b', 'c', 'd']);
});

it('results of quick nodes are not stored', async () => {
  await newEngine('1', 5)(drawing(2));
  expect((await newEngine()(drawing(2))).ran).toEqual(['a', 'b', 'c', 'd']);
});

describe('results that can differ are not stored, nor those that depend on them:', () => {
  const behind = (type: string) => ({
    x: node(type, { latent: ['b', 0] }),
    c: node('Double', { latent: ['x', 0] }),
  });

  it('a random result', async () => {
    await newEngine()(drawing(2, behind('Random')));
    expect((await newEngine()(drawing(2, behind('Random')))).ran).toEqual(['x', 'c', 'd']);
  });

  it('the result of a node with the fingerprint NaN', async () => {
    fingerprint = Number.NaN;
    await newEngine()(drawing(2, behind('Fresh')));
    expect((await newEngine()(drawing(2, behind('Fresh')))).ran).toEqual(['x', 'c', 'd']);
  });
});

it.each([
  ['cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3)],
  ['replaced', () => Buffer.from('{')],
  [
    'changed by one bit',
    (bytes: Buffer) => {
      bytes[bytes.length - 1] ^= 1;
      return bytes;
    },
  ],
])('an entry that was %s counts as absent', async (_, damage) => {
  await newEngine()(drawing(2));
  for (const name of entries()) {
    const path = join(root, 'cache', name);
    writeFileSync(path, damage(readFileSync(path)));
  }
  const again = await newEngine()(drawing(2));
  expect(summary(again)).toEqual({ ran: ['a', 'b', 'c', 'd'], shown: [12] });
});

it('a folder that can’t be written is one warning, and the job goes on', async () => {
  writeFileSync(join(root, 'cache'), '');
  const { events, ran } = await newEngine()(drawing(2));
  expect(ran).toEqual(['a', 'b', 'c', 'd']);
  expect(events.filter(({ type }) => type === 'warning')).toMatchObject([
    { message: expect.stringContaining("results can't be stored in") },
  ]);
});
