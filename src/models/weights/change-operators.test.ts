import { describe, expect, it } from 'vitest';
import { memoryWeights } from '../../../test/support/files/memory-weights.ts';
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { openSession } from '../../runtime/session.ts';
import { constantNumbers, inputNumbers, type NumberSource } from './change-numbers.ts';
import { applyStep } from './change-operators.ts';
import type { BlendStep, ScaleStep } from './change-steps.ts';
import type { ChangedNetwork } from './changes.ts';
import type { Weights } from './tensors.ts';

const VALUES = [1, 2, 3, 4];
const network: ChangedNetwork = {
  weights: memoryWeights('other', {}),
  targets: new Map(),
  changes: [],
};
const scale: ScaleStep = { kind: 'scale', index: 0, factor: 3, group: 0 };
const blend = (target?: BlendStep['target']): BlendStep => ({
  kind: 'blend',
  index: 0,
  other: network,
  share: { name: 'all', own: 0.5, other: 2 },
  target,
});

function changedGraph(
  step: BlendStep | ScaleStep,
  numbers: NumberSource,
  otherWeights: readonly Weights[] = [],
  after?: (g: Graph) => Value,
): Graph {
  const g = createGraph();
  const context = { g, after: after?.(g), numbers, path: '', loraWeights: [], otherWeights };
  g.output('weight', applyStep(context, g.floats(VALUES, [2, 2]), [2, 2], step), [2, 2]);
  return g;
}

async function changed(step: BlendStep | ScaleStep, otherWeights?: Weights[]): Promise<number[]> {
  const session = await openSession(changedGraph(step, constantNumbers, otherWeights).serialize(), {
    name: 'test',
    folder: '',
    threads: 1,
    providers: ['cpu'],
  });
  const { weight } = await session.run({}, ['weight']);
  await session.close();
  return [...weight.data];
}

const operators = (g: Graph): string[] => {
  const types: string[] = [];
  g.serialize((model) => {
    types.push(...model.nodes.map(({ type }) => type));
    return model;
  });
  return types;
};

describe('a weight', () => {
  it('is multiplied by a factor', async () => {
    expect(await changed(scale)).toEqual([3, 6, 9, 12]);
  });

  it('is added to the share of another network', async () => {
    const other = memoryWeights('other', { w: [10, 20, 30, 40] }, { w: [2, 2] });
    expect(await changed(blend({ tensor: 'w', shape: [2, 2] }), [other])).toEqual([
      20.5, 41, 61.5, 82,
    ]);
  });

  it('is added to the transposed weight of a network that stores it so', async () => {
    const other = memoryWeights('other', { w: [10, 20, 30, 40] }, { w: [2, 2] });
    const target = { tensor: 'w', shape: [2, 2], transposed: true };
    expect(await changed(blend(target), [other])).toEqual([20.5, 61, 41.5, 82]);
  });

  it('retains only its own share where the other network has another shape', async () => {
    expect(await changed(blend())).toEqual([0.5, 1, 1.5, 2]);
  });

  it('depends on the input of its layer when its numbers are inputs', () => {
    const input = (g: Graph): Value => g.input('x', ['N', 2]);
    const numbers = (): NumberSource => inputNumbers(['0 factor 0', 'one']);
    expect(operators(changedGraph(scale, numbers(), [], input))).toContain('Shape');
    expect(operators(changedGraph(scale, numbers()))).not.toContain('Shape');
    expect(operators(changedGraph(scale, constantNumbers, [], input))).not.toContain('Shape');
  });
});
