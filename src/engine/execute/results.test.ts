import { expect, it } from 'vitest';
import { createTestExecution } from '../../../test/support/execution.ts';
import type { CacheEntry } from '../cache/result-cache.ts';
import type { ResultStore } from '../cache/result-store.ts';

const stub = (value: number) => ({ class_type: 'Stub', inputs: { value } });
const show = (source: string) => ({ class_type: 'Show', inputs: { value: [source, 0] } });
const PROMPT = { 1: stub(1), 2: show('1'), 3: show('2') };

const entryOf = (more: Partial<CacheEntry> = {}): CacheEntry => ({
  outputs: [[1]],
  ui: undefined,
  lineage: [],
  dependencies: [],
  ...more,
});

it('a cached result is found by its signature', async () => {
  const { results, signatures, cache } = await createTestExecution(PROMPT, ['3']);
  expect(results.of('1')).toBeUndefined();
  const entry = entryOf();
  cache.set(signatures.of('1'), entry);
  expect(results.of('1')).toBe(entry);
});

it('a cached result is of no use when a file that it shows was deleted', async () => {
  const { results, signatures, cache } = await createTestExecution(PROMPT, ['3']);
  const image = { filename: 'a.png', subfolder: '', type: 'output', path: '/nowhere/a.png' };
  cache.set(signatures.of('1'), entryOf({ ui: { images: [image] } }));
  expect(results.of('1')).toBeUndefined();
});

it('a suspended node has no result until one is added', async () => {
  const { results, signatures, cache } = await createTestExecution(PROMPT, ['3']);
  cache.set(signatures.of('1'), entryOf());
  results.suspend('1');
  expect(results.of('1')).toBeUndefined();
  results.add('1', entryOf());
  expect(results.of('1')).toBeDefined();
});

it('dependencies are those of the node and of all before it', async () => {
  const { results } = await createTestExecution(PROMPT, ['3']);
  results.add('1', entryOf({ dependencies: ['a'] }));
  expect(results.dependenciesOf('2', ['b'])).toEqual(['b', 'a']);
  results.add('1', entryOf({ dependencies: undefined }));
  expect(results.dependenciesOf('2', ['b'])).toBeUndefined();
});

it('restores the last stored results on the way to an output, and none before them', async () => {
  const { results, signatures } = await createTestExecution(PROMPT, ['3']);
  const requested: string[] = [];
  const store = {
    find: async (signature: string) => {
      requested.push(signature);
      return { outputs: [[5]], dependencies: ['x'] };
    },
  } as unknown as ResultStore;
  await results.restore(['3'], store);
  // nodes 2 and 3 are output nodes, which run in any case
  expect(requested).toEqual([signatures.persistentOf('1')]);
  expect(results.of('1')).toMatchObject({ outputs: [[5]], dependencies: ['x'], lineage: [] });
});

it('restores what begins a chain of any length', async () => {
  const nodes = Array.from({ length: 20_000 }, (_, i) => [
    i,
    i === 0 ? stub(1) : { class_type: 'Average', inputs: { input1: [String(i - 1), 0] } },
  ]);
  const { results, signatures } = await createTestExecution(Object.fromEntries(nodes), ['19999']);
  const first = signatures.persistentOf('0');
  const store = {
    find: async (signature: string) =>
      signature === first ? { outputs: [[5]], dependencies: [] } : undefined,
  } as unknown as ResultStore;
  await results.restore(['19999'], store);
  expect(results.of('0')).toMatchObject({ outputs: [[5]] });
});
