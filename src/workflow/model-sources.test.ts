import { expect, it } from 'vitest';
import type { JsonObject } from '../formats/json.ts';
import { modelSources } from './model-sources.ts';

const model = (name: string) => ({ name, url: `https://example.com/${name}`, directory: 'vae' });
const node = (models: unknown, more: object = {}) => ({ id: 1, properties: { models }, ...more });

it('reads properties.models of nodes, of those in subgraphs, and the list of the workflow', () => {
  const sources = modelSources({
    workflow: {
      nodes: [
        node([{ ...model('a'), hash: 'ab'.repeat(32), hash_type: 'SHA256' }, model('b')]),
        node([model('muted')], { mode: 2 }),
        node([model('bypassed')], { mode: 4 }),
        node([{ name: 'no address', directory: 'vae' }, 7, null]),
        node('x'),
        { id: 2 },
      ],
      definitions: { subgraphs: [{ nodes: [node([model('c')])] }] },
      models: [model('d')],
    },
  } as unknown as JsonObject);
  expect(sources.map(({ name, folder, hash }) => [name, folder, hash?.type])).toEqual([
    ['a', 'vae', 'sha256'],
    ['b', 'vae', undefined],
    ['c', 'vae', undefined],
    ['d', 'vae', undefined],
  ]);
});

it('other workflows have none', () => {
  expect(modelSources({})).toEqual([]);
  expect(modelSources({ workflow: { nodes: 7, definitions: [] } })).toEqual([]);
});
