// Every node type of the Impact Pack 8.28 and 7.10 (NODE_CLASS_MAPPINGS) is built in, or refused by
// name with a reason.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NODES, REFUSED } from '../../index.ts';
import { IMPACT_PACK } from './index.ts';

const types: string[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/fixtures/impact-nodes.json'), 'utf8'),
);

it('all 197 types are built in or refused', () => {
  expect(types.length).toBe(197);
  expect(types.filter((type) => !NODES.has(type) && !REFUSED.has(type))).toEqual([]);
  expect(types.filter((type) => NODES.has(type) && REFUSED.has(type))).toEqual([]);
});

it('each type is declared once', () => {
  const declared = IMPACT_PACK.nodes.map(({ type }) => type);
  expect(declared.filter((type, i) => declared.indexOf(type) !== i)).toEqual([]);
});
