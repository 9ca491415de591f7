// What the nodes set in conditionings, against ComfyUI's own (test/golden/core_nodes/make_props.py).
import { expect, it } from 'vitest';
import { golden } from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';
import type { ConditioningEntry } from '../../../../sampling/sampling-types.ts';
import { full } from '../../../../tensor/tensor.ts';

const g = golden('core_nodes', 'props');
type Told = [name: string, values: Record<string, unknown>][];

const isTold = (value: unknown): value is Told =>
  Array.isArray(value) && typeof value[0]?.[0] === 'string';
/** The prompt's name stands for its features. */
const entriesOf = (told: Told) => told.map(([name, values]) => ({ ...values, cond: name }));
const tell = ({ cond, mask, ...values }: ConditioningEntry) => [
  cond,
  { ...values, ...(mask && { mask: mask.shape }) },
];

it.each(g.cases)('$id', async ({ params: { node, mask, ...params }, scalars }) => {
  const given = Object.entries(params).map(([name, value]) => [
    name,
    isTold(value) ? entriesOf(value) : value,
  ]);
  const results = await runNode(node, {
    ...Object.fromEntries(given),
    mask: mask && full(mask, 1),
  });
  const told = (results as readonly unknown[]).map((result) =>
    (result as unknown[]).map((one) =>
      typeof one === 'object' ? tell(one as ConditioningEntry) : one,
    ),
  );
  expect(told).toEqual(scalars!.values);
});
