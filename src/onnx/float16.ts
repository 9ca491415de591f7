// A float32 graph as one that computes in float16, as ComfyUI's networks do on a GPU: products, convolutions, attention and activations in
// halves; statistics of norms, softmax and whatever else sums or divides in float32. Weights that are stored as halves are used as they lie
// in the file. Inputs and outputs stay float32.
import { encodeFloat32 } from '../formats/dtypes.ts';
import { ELEMENT, type ElementType, type Initializer, type Model, type Node } from './serialize.ts';

/** How a value of a float type stands in the graph: in halves, in float32 on purpose, or in float32 and as good in halves. */
type Form = 'half' | 'wide' | 'neutral';

/** Always in halves. */
const HALF = new Set([
  'Gemm',
  'Conv',
  'MultiHeadAttention',
  'QuickGelu',
  'Gelu',
  'LayerNormalization',
  'GlobalAveragePool',
  'Resize',
]);
/** As their first input. */
const FOLLOW = new Set([
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
/** In halves where one of their inputs is, else as they are. */
const JOIN = new Set(['Add', 'Sub', 'Mul', 'Div', 'Where', 'Concat']);
/** In float32, and back to halves at once. */
const INSIDE = new Set(['Softmax']);
/** Inputs that say how, not what: they keep their type. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2, 3], Where: [0] };

const TYPES: Readonly<Record<string, ElementType>> = {
  Shape: 'i64',
  Size: 'i64',
  Greater: 'bool',
  Less: 'bool',
  Equal: 'bool',
  Not: 'bool',
};
const byCode = new Map<number, ElementType>(
  Object.entries(ELEMENT).map(([name, code]) => [code, name as ElementType]),
);

export function toFloat16(model: Model): Model {
  const nodes: Node[] = [];
  const initializers: Initializer[] = [...model.initializers];
  const stored = new Map(model.initializers.map((one) => [one.name, one]));
  const outputs = new Set(model.outputs.map(({ name }) => name));
  const types = new Map<string, ElementType>();
  const forms = new Map<string, Form>();
  /** Values that are known before the graph runs. */
  const fixed = new Set<string>();
  const halves = new Map<string, string>();
  const wides = new Map<string, string>();
  for (const { name, type } of model.initializers) {
    types.set(name, type);
    fixed.add(name);
    if (type === 'f32') forms.set(name, 'neutral');
  }
  for (const { name, type } of model.inputs) {
    types.set(name, type);
    if (type === 'f32') forms.set(name, 'neutral');
  }

  const cast = (from: string, to: ElementType, name: string): string => {
    nodes.push({
      domain: '',
      type: 'Cast',
      inputs: [from],
      outputs: [name],
      attributes: { to: ELEMENT[to] },
    });
    return name;
  };
  const once = (known: Map<string, string>, value: string, make: () => string): string => {
    if (!known.has(value)) known.set(value, make());
    return known.get(value)!;
  };
  const asHalf = (value: string): string => {
    if (forms.get(value) === 'half') return value;
    return once(halves, value, () => {
      const name = `${value}_half`;
      const { data, dims, type } = stored.get(value) ?? {};
      if (type !== 'f32' || !(data instanceof Uint8Array)) return cast(value, 'f16', name);
      const numbers = new Float32Array(Uint8Array.from(data).buffer);
      initializers.push({ name, type: 'f16', dims: dims!, data: encodeFloat32('F16', numbers) });
      return name;
    });
  };
  const asWide = (value: string): string =>
    forms.get(value) === 'half'
      ? once(wides, value, () => cast(value, 'f32', `${value}_wide`))
      : value;

  for (const node of model.nodes) {
    const { type, inputs, attributes } = node;
    const given = inputs.filter((name) => name !== '');
    const data = inputs.filter((name, i) => forms.has(name) && !SETTINGS[type]?.includes(i));
    const isFixed = given.length > 0 && given.every((name) => fixed.has(name));
    const result =
      type === 'Cast'
        ? byCode.get(attributes['to'] as number)!
        : (TYPES[type] ?? types.get(data[0] ?? given[0]) ?? 'f32');
    for (const name of node.outputs) {
      types.set(name, result);
      if (isFixed) fixed.add(name);
    }
    if (type === 'Cast') {
      // a weight that lies in the file as halves is there in both forms
      if (result === 'f32' && types.get(inputs[0]) === 'f16' && stored.has(inputs[0]))
        halves.set(node.outputs[0], inputs[0]);
      nodes.push({ ...node, inputs: inputs.map(asWide) });
      if (result === 'f32') forms.set(node.outputs[0], 'neutral');
      continue;
    }
    const form =
      isFixed || data.length === 0
        ? 'neutral'
        : formOf(
            type,
            data.map((name) => forms.get(name)!),
          );
    const convert = form === 'half' && !INSIDE.has(type) ? asHalf : asWide;
    const taken = inputs.map((name, i) =>
      !forms.has(name) ? name : SETTINGS[type]?.includes(i) ? asWide(name) : convert(name),
    );
    // what was made in another type than it goes on in gets another name on the way
    const goesOn = result !== 'f32' ? undefined : form;
    const made = node.outputs.map((name) =>
      goesOn === 'half' && (outputs.has(name) || INSIDE.has(type)) ? `${name}_made` : name,
    );
    nodes.push({ ...node, inputs: taken, outputs: made });
    for (const [i, name] of node.outputs.entries()) {
      if (goesOn === undefined) continue;
      if (made[i] === name) forms.set(name, goesOn);
      else if (outputs.has(name)) cast(made[i], 'f32', name);
      else {
        cast(made[i], 'f16', name);
        forms.set(name, 'half');
      }
    }
  }
  return { ...model, nodes, initializers };
}

function formOf(type: string, data: readonly Form[]): Form {
  const some = (form: Form): boolean => data.includes(form);
  if (HALF.has(type) || INSIDE.has(type)) return 'half';
  if (FOLLOW.has(type)) return data[0];
  if (JOIN.has(type)) return some('half') ? 'half' : some('wide') ? 'wide' : 'neutral';
  if (type === 'MatMul') return some('wide') ? 'wide' : 'half';
  return 'wide';
}
