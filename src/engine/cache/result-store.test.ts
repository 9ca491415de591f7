// Results that outlive the engine: what is found again, and what must not be.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { smallEngine } from '../../../test/support/engine.ts';
import {
  defineNode,
  float,
  modelFile,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../nodes/declare.ts';
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
      // a model is no plain data: it is never stored, but what comes of it is
      run: ({ name }, { modelPath }) =>
        outputs({
          value: Number(readFileSync(modelPath('checkpoints', name), 'utf8')),
          evaluate: () => 1,
        }),
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
 * Another process: nothing is left but the folder. `milliseconds`: how long every node seems to
 * take.
 */
function program(environment = '1', milliseconds = 1000) {
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

it('another process takes what it has from the folder, and runs nothing before that', async () => {
  const first = await program()(drawing(2));
  expect([first.ran, first.shown('d')]).toEqual([['a', 'b', 'c', 'd'], [12]]);
  expect(entries()).toHaveLength(2);
  const second = await program()(drawing(2));
  expect([second.ran, second.shown('d')]).toEqual([['d'], [12]]);
  const other = await program()(drawing(3));
  expect([other.ran, other.shown('d')]).toEqual([['a', 'b', 'c', 'd'], [18]]);
  const behind = await program()(
    drawing(2, {
      x: node('Double', { latent: ['b', 0] }),
      c: node('Double', { latent: ['x', 0] }),
    }),
  );
  expect([behind.ran, behind.shown('d')]).toEqual([['c', 'd'], [24]]);
});

it('a model file counts by its content', async () => {
  await program()(drawing(2));
  writeFileSync(join(root, 'models', 'checkpoints', 'a.safetensors'), '3');
  expect((await program()(drawing(2))).ran).toEqual(['d']);
  writeFileSync(join(root, 'models', 'checkpoints', 'a.safetensors'), '5');
  const changed = await program()(drawing(2));
  expect([changed.ran, changed.shown('d')]).toEqual([['a', 'b', 'c', 'd'], [20]]);
});

it('another version finds nothing; nor do quick nodes leave anything', async () => {
  await program()(drawing(2));
  expect((await program('2')(drawing(2))).ran).toEqual(['a', 'b', 'c', 'd']);
  rmSync(join(root, 'cache'), { recursive: true });
  await program('1', 5)(drawing(2));
  expect((await program()(drawing(2))).ran).toEqual(['a', 'b', 'c', 'd']);
});

it('what chance decides, or a fingerprint that is always another, is not kept, nor what is behind it', async () => {
  const behind = (type: string) => ({
    x: node(type, { latent: ['b', 0] }),
    c: node('Double', { latent: ['x', 0] }),
  });
  await program()(drawing(2, behind('Random')));
  expect((await program()(drawing(2, behind('Random')))).ran).toEqual(['x', 'c', 'd']);
  fingerprint = Number.NaN;
  await program()(drawing(2, behind('Fresh')));
  expect((await program()(drawing(2, behind('Fresh')))).ran).toEqual(['x', 'c', 'd']);
});

it('a damaged entry is as good as absent', async () => {
  for (const damage of [
    (bytes: Buffer) => bytes.subarray(0, bytes.length - 3),
    () => Buffer.from('{'),
    flipped,
  ]) {
    await program()(drawing(2));
    for (const name of entries())
      writeFileSync(join(root, 'cache', name), damage(readFileSync(join(root, 'cache', name))));
    const again = await program()(drawing(2));
    expect([again.ran, again.shown('d')]).toEqual([['a', 'b', 'c', 'd'], [12]]);
  }
});

function flipped(bytes: Buffer): Buffer {
  bytes[bytes.length - 1] ^= 1;
  return bytes;
}

it('a folder that can not be written to is told once, and the job goes on', async () => {
  writeFileSync(join(root, 'cache'), '');
  const { events, ran } = await program()(drawing(2));
  expect(ran).toEqual(['a', 'b', 'c', 'd']);
  expect(events.filter(({ type }) => type === 'warning')).toMatchObject([
    { message: expect.stringContaining("results can't be stored in") },
  ]);
});
