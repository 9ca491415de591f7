// Replaces InstanceNormalization by plain operators: the mean first, then the mean square of the
// differences. Kernels that sum both in one pass lose digits where the mean is large compared with
// the deviation.
import type { Initializer, Model, Node } from './serialize.ts';

/**
 * Returns the model with plain norms, for values [N, C, L], scale 1 and bias 0, which is all that
 * groupNorm uses.
 */
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
    const plain: Node[] = [];
    const [output] = node.outputs;
    const op = (
      type: string,
      inputs: readonly string[],
      name = `${output}_${plain.length}`,
      attributes: Node['attributes'] = {},
    ): string => {
      plain.push({ domain: '', type, inputs, outputs: [name], attributes });
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
    const centred = op('Sub', [x, mean(x)]);
    const variance = mean(op('Mul', [centred, centred]));
    op('Div', [centred, op('Sqrt', [op('Add', [variance, epsilon])])], output);
    return plain;
  });
  return { ...model, nodes, initializers };
}
