// Which operators compute in float16, on graphs of a few operators.
import { expect, it } from 'vitest';
import { createGraph, type Graph } from './builder.ts';
import { toFloat16 } from './float16.ts';
import { ELEMENT, type Model } from './serialize.ts';

function convert(graph: Graph): Model {
  let result: Model | undefined;
  graph.serialize((model) => {
    result = toFloat16(model);
    return result;
  });
  return result!;
}

/** Returns the types of the inputs of all operators of a type; '' for absent inputs. */
function inputTypes(model: Model, type: string): string[] {
  const types = new Map<string, string>(
    [...model.inputs, ...model.initializers].map((one) => [one.name, one.type]),
  );
  const found: string[] = [];
  for (const node of model.nodes) {
    if (node.type === type) found.push(...node.inputs.map((name) => types.get(name) ?? ''));
    const castTo = Object.entries(ELEMENT).find(([, code]) => code === node.attributes['to'])?.[0];
    const results: Readonly<Record<string, string>> = { Cast: castTo!, Shape: 'i64' };
    for (const name of node.outputs)
      types.set(name, results[node.type] ?? types.get(node.inputs[0])!);
  }
  return found;
}

it('uses stored float16 weights as they are in the file, and casts float32 weights', () => {
  const g = createGraph();
  const file = { location: '/models/a.safetensors', offset: 64 };
  const float16 = g.external({ ...file, type: 'f16', dims: [2, 4], length: 16 });
  const float32 = g.external({ ...file, type: 'f32', dims: [2, 2], length: 16 });
  const x = g.op('Gemm', [g.input('x', ['N', 4]), float16, g.floats([1, 2])], { transB: 1 });
  g.output('out', g.op('Gemm', [x, float32], { transB: 1 }), ['N', 2]);
  const model = convert(g);
  expect(inputTypes(model, 'Gemm')).toEqual(['f16', 'f16', 'f16', 'f16', 'f16']);
  const [first] = model.nodes.filter(({ type }) => type === 'Gemm');
  expect(model.initializers.find(({ name }) => name === first.inputs[1])).toMatchObject({
    type: 'f16',
    data: { location: 'a.safetensors', offset: 64 },
  });
  expect(model.nodes.find(({ outputs }) => outputs[0] === 'out')).toMatchObject({
    type: 'Cast',
    attributes: { to: ELEMENT.f32 },
  });
});

it('computes norms, softmax and the scales of an enlargement in float32', () => {
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
  const enlarged = g.op(
    'Resize',
    [g.op('Reshape', [soft, g.op('Shape', [x])]), '', g.floats([1, 1, 2, 2])],
    { mode: 'nearest' },
  );
  g.output('out', enlarged, ['B', 4, 'H', 'W']);
  const model = convert(g);
  expect(inputTypes(model, 'InstanceNormalization')).toEqual(['f32', 'f32', 'f32']);
  expect(inputTypes(model, 'Add')).toEqual(['f16', 'f16']);
  expect(inputTypes(model, 'Softmax')).toEqual(['f32']);
  expect(inputTypes(model, 'Resize')).toEqual(['f16', '', 'f32']);
});

it('computes the activations of transformers in float16, rotations and norms in float32', () => {
  const g = createGraph();
  const weights = (rows: number): string => g.floats(new Float32Array(rows * 4), [rows, 4]);
  const x = g.op('Gemm', [g.input('x', ['N', 4]), weights(4)], { transB: 1 });
  const normed = g.op('SimplifiedLayerNormalization', [x, g.floats([1, 1, 1, 1])], {
    epsilon: { float: 1e-5 },
  });
  const rotated = g.op('com.microsoft.RotaryEmbedding', [
    g.op('Unsqueeze', [normed, g.ints([0])]),
    g.ints([0]),
    g.input('cos', ['N', 2]),
    g.input('sin', ['N', 2]),
  ]);
  const attended = g.op('com.microsoft.MultiHeadAttention', [rotated, rotated, rotated], {
    num_heads: 1,
  });
  g.output('out', g.op('com.microsoft.FastGelu', [attended]), [1, 'N', 4]);
  const model = convert(g);
  expect(inputTypes(model, 'SimplifiedLayerNormalization')).toEqual(['f32', 'f32']);
  expect(inputTypes(model, 'RotaryEmbedding')).toEqual(['f32', 'i64', 'f32', 'f32']);
  expect(inputTypes(model, 'MultiHeadAttention')).toEqual(['f16', 'f16', 'f16']);
  expect(inputTypes(model, 'FastGelu')).toEqual(['f16']);
});

it('computes constants in float32 until they are used', () => {
  const g = createGraph();
  const merged = g.op('Add', [
    g.floats(new Float32Array(16), [4, 4]),
    g.op('MatMul', [g.floats(new Float32Array(8), [4, 2]), g.floats(new Float32Array(8), [2, 4])]),
  ]);
  g.output('out', g.op('Gemm', [g.input('x', ['N', 4]), merged]), ['N', 4]);
  const model = convert(g);
  expect(inputTypes(model, 'Add')).toEqual(['f32', 'f32']);
  expect(inputTypes(model, 'MatMul')).toEqual(['f32', 'f32']);
  expect(inputTypes(model, 'Gemm')).toEqual(['f16', 'f16']);
});
