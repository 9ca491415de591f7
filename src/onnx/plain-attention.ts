// Replaces com.microsoft.MultiHeadAttention by plain operators (Vaswani et al. 2017), for devices
// whose own kernel is wrong or has no causal mask. All scores are in memory at once: B x heads x N
// x M numbers.
import { ELEMENT, type Initializer, type Model, type Node } from './serialize.ts';

/** Far below every score, and within the range of float16. */
const MASKED = -30000;

/**
 * Returns the model with plain attention in place of the nodes that `which` selects; all by
 * default.
 */
export function withPlainAttention(
  model: Model,
  which: (node: Node) => boolean = () => true,
): Model {
  const constants = namedConstants();
  const nodes = model.nodes.flatMap((node) =>
    node.type === 'MultiHeadAttention' && which(node) ? plainAttention(node, constants) : [node],
  );
  return { ...model, nodes, initializers: [...model.initializers, ...constants.initializers] };
}

interface Constants {
  readonly initializers: readonly Initializer[];
  ints(...values: number[]): string;
  /** The int64 scalar 1. */
  one(): string;
  /** The float32 value MASKED, [1, 1]. */
  masked(): string;
}

function namedConstants(): Constants {
  const byName = new Map<string, Initializer>();
  const initializers: Initializer[] = [];
  const add = (initializer: Initializer): string => {
    const { name } = initializer;
    if (!byName.has(name)) initializers.push(initializer);
    byName.set(name, initializer);
    return name;
  };
  return {
    initializers,
    ints: (...values) =>
      add({
        name: `attention_${values.join('_')}`,
        type: 'i64',
        dims: [values.length],
        data: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
      }),
    one: () =>
      add({
        name: 'attention_one',
        type: 'i64',
        dims: [],
        data: new Uint8Array(BigInt64Array.of(1n).buffer),
      }),
    masked: () =>
      add({
        name: 'attention_masked',
        type: 'f32',
        dims: [1, 1],
        data: new Uint8Array(Float32Array.of(MASKED).buffer),
      }),
  };
}

/** Returns the nodes that compute the same as a MultiHeadAttention node. */
function plainAttention(node: Node, { ints, one, masked }: Constants): Node[] {
  const nodes: Node[] = [];
  const [output] = node.outputs;
  const op = (
    type: string,
    inputs: readonly string[],
    attributes: Node['attributes'] = {},
    name = `${output}_${nodes.length}`,
  ): string => {
    nodes.push({ domain: '', type, inputs, outputs: [name], attributes });
    return name;
  };
  const heads = node.attributes['num_heads'] as number;
  const [q, k, v] = node.inputs.slice(0, 3).map((x) => op('Reshape', [x, ints(0, 0, heads, -1)]));
  const depth = op('Cast', [op('Shape', [q], { start: 3, end: 4 })], { to: ELEMENT.f32 });
  const queries = op('Div', [op('Transpose', [q], { perm: [0, 2, 1, 3] }), op('Sqrt', [depth])]);
  let scores = op('MatMul', [queries, op('Transpose', [k], { perm: [0, 2, 3, 1] })]);
  if (node.attributes['unidirectional']) {
    const count = op('Shape', [q], { start: 1, end: 2 });
    const all = op('Expand', [masked(), op('Concat', [count, count], { axis: 0 })]);
    scores = op('Add', [scores, op('Trilu', [all, one()], { upper: 1 })]);
  }
  const mixed = op('MatMul', [
    op('Softmax', [scores], { axis: -1 }),
    op('Transpose', [v], { perm: [0, 2, 1, 3] }),
  ]);
  op('Reshape', [op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), ints(0, 0, -1)], {}, output);
  return nodes;
}
