// What computes in halves and what doesn't, on graphs of a few operators.
import { expect, it } from 'vitest';
import { createGraph, type Graph } from './builder.ts';
import { toFloat16 } from './float16.ts';
import { withPlainAttention } from './plain-attention.ts';
import { withPlainNorms } from './plain-norm.ts';
import { ELEMENT, type Model } from './serialize.ts';

function changed(graph: Graph, change: (model: Model) => Model): Model {
  let result: Model | undefined;
  graph.serialize((model) => {
    result = change(model);
    return result;
  });
  return result!;
}

/** The types of the values that the operators of a kind take, as the graph says them. */
function typesInto(model: Model, type: string): string[] {
  const known = new Map<string, string>(
    [...model.inputs, ...model.initializers].map((one) => [one.name, one.type]),
  );
  const found: string[] = [];
  for (const node of model.nodes) {
    if (node.type === type) found.push(...node.inputs.map((name) => known.get(name) ?? ''));
    const to = Object.entries(ELEMENT).find(([, code]) => code === node.attributes['to'])?.[0];
    for (const name of node.outputs)
      known.set(
        name,
        node.type === 'Cast' ? to! : node.type === 'Shape' ? 'i64' : known.get(node.inputs[0])!,
      );
  }
  return found;
}

it('stored halves go into products as they lie in the file, float32 is cast', () => {
  const g = createGraph();
  const place = { location: '/models/a.safetensors', offset: 64 };
  const halves = g.external({ ...place, type: 'f16', dims: [2, 4], length: 16 });
  const floats = g.external({ ...place, type: 'f32', dims: [2, 2], length: 16 });
  const x = g.op('Gemm', [g.input('x', ['N', 4]), halves, g.floats([1, 2])], { transB: 1 });
  g.output('out', g.op('Gemm', [x, floats], { transB: 1 }), ['N', 2]);
  const model = changed(g, toFloat16);
  expect(typesInto(model, 'Gemm')).toEqual(['f16', 'f16', 'f16', 'f16', 'f16']);
  const [first] = model.nodes.filter(({ type }) => type === 'Gemm');
  expect(model.initializers.find(({ name }) => name === first.inputs[1])).toMatchObject({
    type: 'f16',
    data: { location: 'a.safetensors', offset: 64 },
  });
  const last = model.nodes.find(({ outputs }) => outputs[0] === 'out')!;
  expect([last.type, last.attributes]).toEqual(['Cast', { to: ELEMENT.f32 }]);
});

it('norms and softmax are in float32, scales of an enlargement too', () => {
  const g = createGraph();
  const x = g.op(
    'Conv',
    [g.input('x', ['B', 4, 'H', 'W']), g.floats(new Float32Array(16), [4, 4, 1, 1])],
    { kernel_shape: [1, 1] },
  );
  const flat = g.op('Reshape', [x, g.ints([0, 4, -1])]);
  const one = g.floats([1, 1, 1, 1]);
  const normed = g.op('InstanceNormalization', [flat, one, g.floats([0, 0, 0, 0])], {
    epsilon: { float: 1e-5 },
  });
  const soft = g.op('Softmax', [g.op('Add', [normed, flat])], { axis: -1 });
  const wide = g.op(
    'Resize',
    [g.op('Reshape', [soft, g.op('Shape', [x])]), '', g.floats([1, 1, 2, 2])],
    { mode: 'nearest' },
  );
  g.output('out', wide, ['B', 4, 'H', 'W']);
  const model = changed(g, toFloat16);
  expect(typesInto(model, 'InstanceNormalization')).toEqual(['f32', 'f32', 'f32']);
  expect(typesInto(model, 'Add')).toEqual(['f16', 'f16']);
  expect(typesInto(model, 'Softmax')).toEqual(['f32']);
  expect(typesInto(model, 'Resize')).toEqual(['f16', '', 'f32']);
});

it('what is known before the graph runs stays in float32 until it is used', () => {
  const g = createGraph();
  const merged = g.op('Add', [
    g.floats(new Float32Array(16), [4, 4]),
    g.op('MatMul', [g.floats(new Float32Array(8), [4, 2]), g.floats(new Float32Array(8), [2, 4])]),
  ]);
  g.output('out', g.op('Gemm', [g.input('x', ['N', 4]), merged]), ['N', 4]);
  const model = changed(g, toFloat16);
  expect([typesInto(model, 'Add'), typesInto(model, 'MatMul'), typesInto(model, 'Gemm')]).toEqual([
    ['f32', 'f32'],
    ['f32', 'f32'],
    ['f16', 'f16'],
  ]);
});

it('plain operators in place of fused ones', () => {
  const g = createGraph();
  const x = g.input('x', ['B', 'N', 8]);
  const own = g.op('com.microsoft.MultiHeadAttention', [x, x, x], {
    num_heads: 2,
    unidirectional: 1,
  });
  const other = g.op('com.microsoft.MultiHeadAttention', [own, x, x], {
    num_heads: 2,
    unidirectional: 0,
  });
  g.output(
    'out',
    g.op('InstanceNormalization', [other, g.floats([1]), g.floats([0])], {
      epsilon: { float: 1e-6 },
    }),
    ['B', 'N', 8],
  );
  const types = (model: Model) => new Set(model.nodes.map(({ type }) => type));
  const plain = types(changed(g, (model) => withPlainNorms(withPlainAttention(model))));
  expect([
    plain.has('MultiHeadAttention'),
    plain.has('InstanceNormalization'),
    plain.has('Trilu'),
  ]).toEqual([false, false, true]);
  const causal = changed(g, (model) =>
    withPlainAttention(model, ({ attributes }) => attributes['unidirectional'] === 1),
  );
  expect(
    causal.nodes.filter(({ type }) => type === 'MultiHeadAttention').map(({ outputs }) => outputs),
  ).toEqual([[other]]);
});
