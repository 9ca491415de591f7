import { describe, expect, it } from 'vitest';
import { createGraph, type Graph } from './builder.ts';
import { withoutIfNodes } from './if-nodes.ts';
import { withPlainAttention } from './plain-attention.ts';
import { withPlainNorms } from './plain-norm.ts';
import type { Model } from './serialize.ts';

function transformed(graph: Graph, transform: (model: Model) => Model): Model {
  let result: Model | undefined;
  graph.serialize((model) => {
    result = transform(model);
    return result;
  });
  return result!;
}

const nodesOf = (model: Model, type: string) => model.nodes.filter((node) => node.type === type);

describe('plain operators in place of fused ones', () => {
  const g = createGraph();
  const x = g.input('x', ['B', 'N', 8]);
  const attention = (q: string, unidirectional: number) =>
    g.op('com.microsoft.MultiHeadAttention', [q, x, x], { num_heads: 2, unidirectional });
  const causal = attention(x, 1);
  const bidirectional = attention(causal, 0);
  const norm = g.op('InstanceNormalization', [bidirectional, g.floats([1]), g.floats([0])], {
    epsilon: { float: 1e-6 },
  });
  g.output('out', norm, ['B', 'N', 8]);

  it('replace attention, with a mask where it is causal', () => {
    const model = transformed(g, withPlainAttention);
    expect(nodesOf(model, 'MultiHeadAttention')).toEqual([]);
    expect(nodesOf(model, 'Softmax')).toHaveLength(2);
    expect(nodesOf(model, 'Trilu')).toHaveLength(1);
  });

  it('replace only the selected attention', () => {
    const model = transformed(g, (before) =>
      withPlainAttention(before, ({ attributes }) => attributes['unidirectional'] === 1),
    );
    const left = nodesOf(model, 'MultiHeadAttention').map(({ outputs }) => outputs);
    expect(left).toEqual([[bidirectional]]);
  });

  it('replace norms', () => {
    const model = transformed(g, withPlainNorms);
    expect(nodesOf(model, 'InstanceNormalization')).toEqual([]);
    expect(nodesOf(model, 'ReduceMean')).toHaveLength(2);
  });
});

it('If nodes become their second branch', () => {
  const g = createGraph();
  const x = g.input('x', [1]);
  const y = g.choose(
    g.op('Less', [x, g.floats([0])]),
    () => g.op('Neg', [x]),
    () => g.op('Abs', [x]),
  );
  g.output('out', y, [1]);
  const model = transformed(g, withoutIfNodes);
  const types = model.nodes.map(({ type }) => type);
  expect(types).toEqual(['Less', 'Abs', 'Identity', 'Identity', 'Identity']);
});
