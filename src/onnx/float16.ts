// Converts a float32 graph to one that computes in float16, as ComfyUI's networks do on a GPU:
// products, convolutions, attention and activations are float16; statistics of norms, softmax and
// other sums and divisions are float32. Weights that are stored as float16 are used as they are in
// the file. Inputs and outputs stay float32.
import { encodeFloat32 } from '../formats/dtypes.ts';
import { ELEMENT, type ElementType, type Initializer, type Model, type Node } from './serialize.ts';

/**
 * The precision of a float value: float16, float32 on purpose, or float32 that may become float16.
 */
type Form = 'float16' | 'float32' | 'either';

/** Operators that compute in float16. */
const FLOAT16 = new Set([
  'Gemm',
  'Conv',
  'MultiHeadAttention',
  'QuickGelu',
  'Gelu',
  'FastGelu',
  'LayerNormalization',
  'GlobalAveragePool',
  'Resize',
]);
/** Operators of the form of their first input. */
const SAME_AS_INPUT = new Set([
  'Reshape',
  'Transpose',
  'Slice',
  'Unsqueeze',
  'Squeeze',
  'Identity',
  'Expand',
  'Split',
  'Trilu',
  'Pad',
]);
/** Operators that compute in float16 when one of their inputs is float16. */
const JOINING = new Set(['Add', 'Sub', 'Mul', 'Div', 'Where', 'Concat']);
/** Operators that compute in float32 and whose results are cast to float16. */
const FLOAT32_INSIDE = new Set(['Softmax']);
/** Inputs that are settings, not data; their type does not change. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2, 3], Where: [0] };

/** The types of results that do not depend on the inputs' types. */
const RESULT_TYPES: Readonly<Record<string, ElementType>> = {
  Shape: 'i64',
  Size: 'i64',
  Greater: 'bool',
  Less: 'bool',
  Equal: 'bool',
  Not: 'bool',
};
const TYPE_OF_CODE = new Map<number, ElementType>(
  Object.entries(ELEMENT).map(([name, code]) => [code, name as ElementType]),
);

/** Returns the model with float16 in place of float32 where that is safe. */
export function toFloat16(model: Model): Model {
  const values = graphValues(model);
  const outputs = new Set(model.outputs.map(({ name }) => name));
  for (const node of model.nodes)
    if (node.type === 'Cast') convertCast(node, values);
    else convertNode(node, values, outputs);
  return { ...model, nodes: values.nodes, initializers: values.initializers };
}

/** The values of a graph that is being converted. */
interface GraphValues {
  readonly nodes: Node[];
  readonly initializers: readonly Initializer[];
  readonly types: Map<string, ElementType>;
  readonly forms: Map<string, Form>;
  /** Values that depend on no input of the graph. */
  readonly constants: Set<string>;
  isStored(value: string): boolean;
  /** Records a float16 value that equals another value. */
  setFloat16(value: string, equal: string): void;
  /** Returns the value as float16; adds a Cast where needed. */
  asFloat16(value: string): string;
  /** Returns the value as float32; adds a Cast where needed. */
  asFloat32(value: string): string;
  cast(from: string, to: ElementType, name: string): string;
}

function graphValues(model: Model): GraphValues {
  const nodes: Node[] = [];
  const initializers: Initializer[] = [...model.initializers];
  const stored = new Map(model.initializers.map((one) => [one.name, one]));
  const named = [...model.initializers, ...model.inputs];
  const types = new Map(named.map(({ name, type }) => [name, type]));
  const floats = named.filter(({ type }) => type === 'f32');
  const forms = new Map(floats.map(({ name }): [string, Form] => [name, 'either']));
  const float16Values = new Map<string, string>();
  const float32Values = new Map<string, string>();

  const cast = (from: string, to: ElementType, name: string): string => {
    const attributes = { to: ELEMENT[to] };
    nodes.push({ domain: '', type: 'Cast', inputs: [from], outputs: [name], attributes });
    return name;
  };
  const once = (cached: Map<string, string>, value: string, make: () => string): string => {
    const result = cached.get(value) ?? make();
    cached.set(value, result);
    return result;
  };
  const makeFloat16 = (value: string): string => {
    const name = `${value}_float16`;
    const { data, dims, type } = stored.get(value) ?? {};
    if (type !== 'f32' || !(data instanceof Uint8Array)) return cast(value, 'f16', name);
    const numbers = new Float32Array(Uint8Array.from(data).buffer);
    initializers.push({ name, type: 'f16', dims: dims!, data: encodeFloat32('F16', numbers) });
    return name;
  };
  return {
    nodes,
    initializers,
    types,
    forms,
    constants: new Set(stored.keys()),
    isStored: (value) => stored.has(value),
    setFloat16: (value, equal) => float16Values.set(value, equal),
    asFloat16: (value) =>
      forms.get(value) === 'float16' ? value : once(float16Values, value, () => makeFloat16(value)),
    asFloat32: (value) =>
      forms.get(value) === 'float16'
        ? once(float32Values, value, () => cast(value, 'f32', `${value}_float32`))
        : value,
    cast,
  };
}

function convertCast(node: Node, values: GraphValues): void {
  const { inputs, outputs } = node;
  const result = TYPE_OF_CODE.get(node.attributes['to'] as number)!;
  recordOutputs(node, result, values);
  // a weight that the file stores as float16 exists in both forms
  if (result === 'f32' && values.types.get(inputs[0]) === 'f16' && values.isStored(inputs[0]))
    values.setFloat16(outputs[0], inputs[0]);
  values.nodes.push({ ...node, inputs: inputs.map(values.asFloat32) });
  if (result === 'f32') values.forms.set(outputs[0], 'either');
}

function convertNode(node: Node, values: GraphValues, graphOutputs: ReadonlySet<string>): void {
  const { type, inputs, outputs } = node;
  const { forms, types } = values;
  const isSetting = (index: number): boolean => SETTINGS[type]?.includes(index) ?? false;
  const data = inputs.filter((name, i) => forms.has(name) && !isSetting(i));
  const [firstInput] = inputs.filter((name) => name !== '');
  const result = RESULT_TYPES[type] ?? types.get(data[0] ?? firstInput) ?? 'f32';
  const isConstant = recordOutputs(node, result, values);
  const form =
    isConstant || data.length === 0
      ? 'either'
      : formOf(
          type,
          data.map((name) => forms.get(name)!),
        );
  const convert =
    form === 'float16' && !FLOAT32_INSIDE.has(type) ? values.asFloat16 : values.asFloat32;
  const converted = inputs.map((name, i) => {
    if (!forms.has(name)) return name;
    return isSetting(i) ? values.asFloat32(name) : convert(name);
  });

  const resultForm = result === 'f32' ? form : undefined;
  // a result that is cast afterwards gets another name before the cast
  const isCast = (name: string): boolean =>
    resultForm === 'float16' && (graphOutputs.has(name) || FLOAT32_INSIDE.has(type));
  const computed = outputs.map((name) => (isCast(name) ? `${name}_computed` : name));
  values.nodes.push({ ...node, inputs: converted, outputs: computed });
  if (resultForm === undefined) return;
  for (const [i, name] of outputs.entries()) {
    if (isCast(name)) values.cast(computed[i], graphOutputs.has(name) ? 'f32' : 'f16', name);
    if (!isCast(name) || !graphOutputs.has(name)) forms.set(name, resultForm);
  }
}

/** Records the type of a node's outputs. Returns whether they are constants. */
function recordOutputs(
  { inputs, outputs }: Node,
  type: ElementType,
  { types, constants }: GraphValues,
): boolean {
  const present = inputs.filter((name) => name !== '');
  const isConstant = present.length > 0 && present.every((name) => constants.has(name));
  for (const name of outputs) {
    types.set(name, type);
    if (isConstant) constants.add(name);
  }
  return isConstant;
}

/** Returns the form of a result, from the forms of the data that it is computed from. */
function formOf(type: string, data: readonly Form[]): Form {
  if (FLOAT16.has(type) || FLOAT32_INSIDE.has(type)) return 'float16';
  if (SAME_AS_INPUT.has(type)) return data[0];
  if (JOINING.has(type) && data.includes('float16')) return 'float16';
  if (JOINING.has(type)) return data.includes('float32') ? 'float32' : 'either';
  if (type === 'MatMul') return data.includes('float32') ? 'float32' : 'float16';
  return 'float32';
}
