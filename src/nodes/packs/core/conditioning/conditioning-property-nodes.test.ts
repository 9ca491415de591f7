// The values that the nodes set in conditionings, against ComfyUI's (golden: make_props.py of
// test/golden/core_nodes).
import { expect, it } from 'vitest';
import { golden } from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';
import type { ConditioningEntry } from '../../../../sampling/sampling-types.ts';
import { full } from '../../../../tensor/tensor.ts';

const g = golden('core_nodes', 'props');

/**
 * A conditioning in the golden: the name of the prompt instead of its features, and values.
 */
type GoldenConditioning = [name: string, values: Record<string, unknown>][];

const isConditioning = (value: unknown): value is GoldenConditioning =>
  Array.isArray(value) && typeof value[0]?.[0] === 'string';

const fromGolden = (conditioning: GoldenConditioning) =>
  conditioning.map(([name, values]) => ({ ...values, cond: name }));

const toGolden = ({ cond, mask, ...values }: ConditioningEntry) => [
  cond,
  { ...values, ...(mask && { mask: mask.shape }) },
];

it.each(g.cases)('$id', async ({ params: { node, mask, ...params }, scalars }) => {
  const inputs = Object.entries(params).map(([name, value]) => [
    name,
    isConditioning(value) ? fromGolden(value) : value,
  ]);
  const results = await runNode<readonly (readonly unknown[])[]>(node, {
    ...Object.fromEntries(inputs),
    mask: mask && full(mask, 1),
  });
  const values = results.map((result) =>
    result.map((one) => (typeof one === 'object' ? toGolden(one as ConditioningEntry) : one)),
  );
  expect(values).toEqual(scalars!.values);
});
