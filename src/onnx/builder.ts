// Builds an ONNX graph operator by operator. Weights are initializers that point into a file. All
// arithmetic is float32: weights stored as float16 pass through a Cast, which ONNX Runtime folds
// when it loads the graph.
import { relative, sep } from 'node:path';
import { commonFolder } from './common-folder.ts';
import { graphOperators } from './graph-operators.ts';
import { graphTensors } from './graph-tensors.ts';
import type { Graph } from './onnx-graph.ts';
import { type Initializer, type Port, serialize } from './serialize.ts';

export type { ExternalTensor, Graph, InlineTensor, Value } from './onnx-graph.ts';

/** Returns an empty graph. */
export function createGraph(): Graph {
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  let count = 0;
  const nextNumber = (): number => count++;
  const operators = graphOperators(nextNumber);
  const tensors = graphTensors(nextNumber, operators);
  const files = (): string[] => [
    ...new Set(
      tensors.initializers.flatMap(({ data }) => ('location' in data ? [data.location] : [])),
    ),
  ];
  const folder = (): string => commonFolder(files());

  return {
    op: operators.op,
    outputsOf: operators.outputsOf,
    choose: operators.choose,
    scan: operators.scan,
    ints: tensors.ints,
    floats: tensors.floats,
    external: tensors.external,
    streamed: tensors.streamed,
    externalRaw: tensors.externalRaw,
    inline: tensors.inline,
    inlineRaw: tensors.inlineRaw,
    weight: tensors.weight,
    round: tensors.round,
    weightBytes: tensors.weightBytes,
    relayoutBytes: tensors.relayoutBytes,
    hasIntegers: () => tensors.initializers.some(({ type }) => type === 'i8'),
    input: (name, dims) => {
      inputs.push({ name, type: 'f32', dims });
      return name;
    },
    output: (name, value, dims) => {
      operators.add({ type: 'Identity', inputs: [value], outputs: [name] });
      outputs.push({ name, type: 'f32', dims });
    },
    files,
    folder,
    serialize: (transform = (model) => model) =>
      serialize(
        transform({
          nodes: operators.nodes,
          initializers: relativeTo(folder(), tensors.initializers),
          inputs,
          outputs,
        }),
      ),
  };
}

const relativeTo = (folder: string, initializers: readonly Initializer[]): Initializer[] =>
  initializers.map((initializer) => {
    const { data } = initializer;
    if (!('location' in data)) return initializer;
    const location = relative(folder, data.location).split(sep).join('/');
    return { ...initializer, data: { ...data, location } };
  });
