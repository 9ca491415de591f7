import { expect, it } from 'vitest';
import { createTestExecution } from '../../../test/support/execution.ts';
import type { ExpandedGraph } from '../../nodes/graph-builder.ts';
import { finishNode } from './execution.ts';
import { expandNode, resolveExpansion } from './expansion.ts';

const PROMPT = { 2: { class_type: 'Nested', inputs: { value: 1, depth: 0, last: 'Show' } } };
const INNER: ExpandedGraph = new Map([
  ['2.0.0.1', { classType: 'Show', inputs: { value: 7 } }],
  ['2.0.0.2', { classType: 'Stub', inputs: { value: 8 } }],
]);
const result = { outputs: [['2.0.0.2', 0]], expand: INNER };

it('an expanded node waits for output nodes and for what its outputs are linked to', async () => {
  const execution = await createTestExecution(PROMPT, ['2']);
  await expandNode(execution, '2', [result]);
  expect([...execution.order.pending]).toEqual(['2', '2.0.0.1', '2.0.0.2']);
  expect(execution.expanding.has('2')).toBe(true);
});

it('takes its outputs from the nodes it waited for', async () => {
  const execution = await createTestExecution(PROMPT, ['2']);
  await expandNode(execution, '2', [result]);
  finishNode(execution, '2.0.0.2', [[8]], undefined);
  resolveExpansion(execution, '2');
  expect(execution.results.of('2')?.outputs).toEqual([[8]]);
  expect(execution.expanding.has('2')).toBe(false);
  expect([...execution.order.pending]).toEqual(['2.0.0.1']);
});

it('can’t expand to a node whose id exists', async () => {
  const execution = await createTestExecution(PROMPT, ['2']);
  const expand: ExpandedGraph = new Map([['2', { classType: 'Stub', inputs: {} }]]);
  await expect(expandNode(execution, '2', [{ outputs: [], expand }])).rejects.toMatchObject({
    code: 'DR_NODE_FAILED',
    message: expect.stringContaining('already exists'),
  });
});
