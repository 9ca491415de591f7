import { describe, expect, it } from 'vitest';
import { memoryWeights } from '../../../test/support/files/memory-weights.ts';
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { openSession } from '../../runtime/session.ts';
import { constantNumbers, inputNumbers, type NumberSource } from './change-numbers.ts';
import { applyStep } from './change-operators.ts';
import type { BlendStep, ScaleStep, ShiftStep, Step } from './change-steps.ts';
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

const shift = (target: ShiftStep['target']): ShiftStep => ({
  kind: 'shift',
  index: 0,
  shift: { other: network, strength: 0.5 },
  target,
});

function changedGraph(
  step: Step,
  numbers: NumberSource,
  otherWeights: readonly Weights[] = [],
  after?: (g: Graph) => Value,
): Graph {
  const g = createGraph();
  const stored = g.floats(VALUES, [2, 2]);
  const common = { g, after: after?.(g), numbers, path: '', stored, rounding: 'f16' } as const;
  const context = { ...common, loraWeights: [], otherWeights };
  g.output('weight', applyStep(context, stored, [2, 2], step), [2, 2]);
  return g;
}

const OPTIONS = { name: 'test', folder: '', threads: 1, providers: ['cpu'] } as const;

async function changed(step: Step, otherWeights?: Weights[]): Promise<number[]> {
  const graph = changedGraph(step, constantNumbers, otherWeights);
  const session = await openSession(graph.serialize(), OPTIONS);
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

  it('is moved towards that of another network', async () => {
    const other = memoryWeights('other', { w: [11, 20, 33, 40] }, { w: [2, 2] });
    expect(await changed(shift({ tensor: 'w', shape: [2, 2] }), [other])).toEqual([6, 11, 18, 22]);
    const target = { tensor: 'w', shape: [2, 2], transposed: true };
    expect(await changed(shift(target), [other])).toEqual([6, 17.5, 11.5, 22]);
  });

  it('is rounded to the type of the network', async () => {
    const step: Step = { kind: 'round', index: 1 };
    const g = createGraph();
    const stored = g.floats([1.0001, 1.0006, 2.0011, -3.0011], [2, 2]);
    const common = { g, after: undefined, numbers: constantNumbers, path: '', stored };
    const context = { ...common, rounding: 'f16', loraWeights: [], otherWeights: [] } as const;
    g.output('weight', applyStep(context, stored, [2, 2], step), [2, 2]);
    const session = await openSession(g.serialize(), OPTIONS);
    const { weight } = await session.run({}, ['weight']);
    await session.close();
    // torch.tensor([1.0001, 1.0006, 2.0011, -3.0011]).half().float().tolist()
    expect([...weight.data]).toEqual([1, 1.0009765625, 2.001953125, -3.001953125]);
  });

  it('depends on the input of its layer when its numbers are inputs', () => {
    const input = (g: Graph): Value => g.input('x', ['N', 2]);
    const numbers = (): NumberSource => inputNumbers(['0 factor 0', 'one']);
    expect(operators(changedGraph(scale, numbers(), [], input))).toContain('Shape');
    expect(operators(changedGraph(scale, numbers()))).not.toContain('Shape');
    expect(operators(changedGraph(scale, constantNumbers, [], input))).not.toContain('Shape');
  });
});
