import { describe, expect, it } from 'vitest';
import { memoryWeights } from '../../../test/support/files/memory-weights.ts';
import type { Graph } from '../../onnx/builder.ts';
import { createGraph } from '../../onnx/builder.ts';
import { openSession } from '../../runtime/session.ts';
import { tensor } from '../../tensor/tensor.ts';
import { type MergeTime, plainTargets, type WeightChange } from './changes.ts';

import { planChanges } from './plan-changes.ts';
import type { Weights } from './tensors.ts';

const base = memoryWeights('base', { a: [1, 2, 3], b: [10, 20, 30] });
const other = memoryWeights('other', { a: [5, 5, 5], b: [1, 2] });

const networkOf = (weights: Weights, ...changes: WeightChange[]) => ({
  weights,
  targets: plainTargets(weights),
  changes,
});
const half: WeightChange = {
  other: networkOf(other),
  share: () => ({ name: 'all', own: 0.5, other: 0.25 }),
};
const scaled = (...[name, factor]: [string, number]): WeightChange => ({
  factor: (weight) => (weight === name ? factor : undefined),
});

/** Returns the weights a and b with their changes, as a graph computes them. */
async function evaluated(time: MergeTime, ...changes: WeightChange[]) {
  const plan = planChanges(networkOf(base, ...changes), time)!;
  const graph = plan.build((weights): Graph => {
    const g = createGraph();
    for (const name of ['a', 'b']) g.output(name, weights.value(g, name), [3]);
    return g;
  });
  const session = await openSession(graph.serialize(), {
    name: 'test',
    folder: '',
    threads: 1,
    providers: ['cpu'],
  });
  const { a, b } = await session.run(plan.inputs, ['a', 'b']);
  await session.close();
  return { a: [...a.data], b: [...b.data] };
}

const TIMES: readonly MergeTime[] = ['ahead', 'each time', 'whole'];

describe('planned changes', () => {
  it('do not exist for a network without changes', () => {
    expect(planChanges(networkOf(base), 'ahead')).toBeUndefined();
  });

  it.each(TIMES)('blend weights of the same shape, %s', async (time) => {
    expect((await evaluated(time, half)).a).toEqual([1.75, 2.25, 2.75]);
  });

  it.each(TIMES)('take only the own share of weights of another shape, %s', async (time) => {
    expect((await evaluated(time, half)).b).toEqual([5, 10, 15]);
  });

  it.each(TIMES)('multiply the weights that have a factor, %s', async (time) => {
    expect(await evaluated(time, scaled('b', 0.5))).toEqual({ a: [1, 2, 3], b: [5, 10, 15] });
  });

  it.each(TIMES)('are applied in order, also in networks that are blended in, %s', async (time) => {
    const changedOther = networkOf(other, scaled('a', 2));
    const change: WeightChange = {
      other: changedOther,
      share: () => ({ name: 'all', own: 1, other: 1 }),
    };
    expect((await evaluated(time, change, scaled('a', 10))).a).toEqual([110, 120, 130]);
  });

  it('have other keys for other numbers when these are constants', () => {
    const keyOf = (factor: number, time: MergeTime) =>
      planChanges(networkOf(base, scaled('a', factor)), time)!.key;
    expect(keyOf(2, 'ahead')).not.toBe(keyOf(3, 'ahead'));
    expect(keyOf(2, 'each time')).toBe(keyOf(3, 'each time'));
  });

  it('have other keys for other weights with the same factor', () => {
    for (const time of TIMES) {
      const keys = ['a', 'b'].map(
        (name) => planChanges(networkOf(base, scaled(name, 2)), time)!.key,
      );
      expect(keys[0]).not.toBe(keys[1]);
    }
  });

  it('pass their numbers as one input when they are computed each time', () => {
    const plan = planChanges(networkOf(base, half), 'each time')!;
    expect(plan.inputs).toEqual({ scales: tensor([3], Float32Array.of(0.5, 0.25, 1)) });
  });

  it('name the whole tensors that are merged ahead', () => {
    const { merged } = planChanges(networkOf(base, scaled('b', 2)), 'ahead')!;
    expect([...merged.shapes]).toEqual([['b', [3]]]);
  });
});
