// com.microsoft.MultiHeadAttention in plain operators (Vaswani et al. 2017), for devices whose own kernel is wrong or knows no causal mask.
// It holds all scores at once: B x heads x N x M numbers.
import { ELEMENT, type Initializer, type Model, type Node } from './serialize.ts';

/** Far below every score, and a number that halves have. */
const MASKED = -30000;

/** `which`: the nodes to replace; all of them unless given. */
export function withPlainAttention(
  model: Model,
  which: (node: Node) => boolean = () => true,
): Model {
  const initializers: Initializer[] = [...model.initializers];
  const known = new Map<string, string>();
  const constant = (
    name: string,
    type: 'i64' | 'f32',
    dims: readonly number[],
    data: Uint8Array,
  ): string => {
    if (!known.has(name)) initializers.push({ name, type, dims, data });
    known.set(name, name);
    return name;
  };
  const ints = (...values: number[]): string =>
    constant(
      `attention_${values.join('_')}`,
      'i64',
      [values.length],
      new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    );
  const nodes = model.nodes.flatMap((node) => {
    if (node.type !== 'MultiHeadAttention' || !which(node)) return [node];
    const made: Node[] = [];
    const [output] = node.outputs;
    const op = (
      type: string,
      inputs: readonly string[],
      attributes: Node['attributes'] = {},
      name = `${output}_${made.length}`,
    ): string => {
      made.push({ domain: '', type, inputs, outputs: [name], attributes });
      return name;
    };
    const heads = node.attributes['num_heads'] as number;
    const [q, k, v] = node.inputs.slice(0, 3).map((x) => op('Reshape', [x, ints(0, 0, heads, -1)]));
    const depth = op('Cast', [op('Shape', [q], { start: 3, end: 4 })], { to: ELEMENT.f32 });
    const queries = op('Div', [op('Transpose', [q], { perm: [0, 2, 1, 3] }), op('Sqrt', [depth])]);
    let scores = op('MatMul', [queries, op('Transpose', [k], { perm: [0, 2, 3, 1] })]);
    if (node.attributes['unidirectional']) {
      const count = op('Shape', [q], { start: 1, end: 2 });
      const masked = constant(
        'attention_masked',
        'f32',
        [1, 1],
        new Uint8Array(Float32Array.of(MASKED).buffer),
      );
      const all = op('Expand', [masked, op('Concat', [count, count], { axis: 0 })]);
      scores = op('Add', [scores, op('Trilu', [all, scalarOne(constant)], { upper: 1 })]);
    }
    const mixed = op('MatMul', [
      op('Softmax', [scores], { axis: -1 }),
      op('Transpose', [v], { perm: [0, 2, 1, 3] }),
    ]);
    op('Reshape', [op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), ints(0, 0, -1)], {}, output);
    return made;
  });
  return { ...model, nodes, initializers };
}

const scalarOne = (
  constant: (name: string, type: 'i64', dims: readonly number[], data: Uint8Array) => string,
): string => constant('attention_one', 'i64', [], new Uint8Array(BigInt64Array.of(1n).buffer));
