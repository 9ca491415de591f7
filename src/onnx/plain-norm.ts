// InstanceNormalization in plain operators, the mean first and then the mean square of what is left: kernels that take both sums in one pass
// lose their digits where the mean is large beside the deviation.
import type { Initializer, Model, Node } from './serialize.ts';

/** For values [N, C, L], scale 1 and bias 0, which is all that groupNorm asks for. */
export function withPlainNorms(model: Model): Model {
  const initializers: Initializer[] = [
    ...model.initializers,
    {
      name: 'norm_axes',
      type: 'i64',
      dims: [1],
      data: new Uint8Array(BigInt64Array.of(2n).buffer),
    },
  ];
  const epsilons = new Set<string>();
  const nodes = model.nodes.flatMap((node) => {
    if (node.type !== 'InstanceNormalization') return [node];
    const made: Node[] = [];
    const [output] = node.outputs;
    const op = (
      type: string,
      inputs: readonly string[],
      name = `${output}_${made.length}`,
      attributes: Node['attributes'] = {},
    ): string => {
      made.push({ domain: '', type, inputs, outputs: [name], attributes });
      return name;
    };
    const mean = (x: string): string =>
      op('ReduceMean', [x, 'norm_axes'], undefined, { keepdims: 1 });
    const { float } = node.attributes['epsilon'] as { readonly float: number };
    const epsilon = `norm_epsilon_${float}`;
    if (!epsilons.has(epsilon))
      initializers.push({
        name: epsilon,
        type: 'f32',
        dims: [1],
        data: new Uint8Array(Float32Array.of(float).buffer),
      });
    epsilons.add(epsilon);
    const [x] = node.inputs;
    const rest = op('Sub', [x, mean(x)]);
    const variance = mean(op('Mul', [rest, rest]));
    op('Div', [rest, op('Sqrt', [op('Add', [variance, epsilon])])], output);
    return made;
  });
  return { ...model, nodes, initializers };
}
