// Nodes for constants, and a node that shows any value.
// Source: ComfyUI comfy_extras/nodes_primitive.py, nodes_preview_any.py.
import { dumpsJson } from '../../../../formats/dumps-json.ts';
import {
  boolean,
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  seed,
  socket,
  string,
} from '../../../declare.ts';
import { scalarText } from '../../../shared/scalar-text.ts';

const category = 'utils/primitive';
/** Python's sys.maxsize. */
const MAX_INT = 2n ** 63n - 1n;

const PrimitiveString = defineNode({
  type: 'PrimitiveString',
  display: 'String',
  category,
  inputs: { value: string() },
  outputs: [output('STRING')],
  run: ({ value }) => outputs(value),
});

const PrimitiveStringMultiline = defineNode({
  type: 'PrimitiveStringMultiline',
  display: 'String (Multiline)',
  category,
  inputs: { value: string({ multiline: true }) },
  outputs: [output('STRING')],
  run: ({ value }) => outputs(value),
});

const PrimitiveInt = defineNode({
  type: 'PrimitiveInt',
  display: 'Int',
  category,
  inputs: { value: seed({ min: -MAX_INT, max: MAX_INT }) },
  outputs: [output('INT')],
  run: ({ value }) => outputs(BigInt.asIntN(53, value) === value ? Number(value) : value),
});

const PrimitiveFloat = defineNode({
  type: 'PrimitiveFloat',
  display: 'Float',
  category,
  inputs: { value: float({ min: Number(-MAX_INT), max: Number(MAX_INT) }) },
  outputs: [output('FLOAT')],
  run: ({ value }) => outputs(value),
});

const PrimitiveBoolean = defineNode({
  type: 'PrimitiveBoolean',
  display: 'Boolean',
  category,
  inputs: { value: boolean() },
  outputs: [output('BOOLEAN')],
  run: ({ value }) => outputs(value),
});

/** A value as ComfyUI shows it, except that a tensor is shown by its shape only. */
function textOf(value: unknown, type: string | undefined): string {
  const scalar = scalarText(value, type);
  if (scalar !== undefined) return scalar;
  if (typeof value === 'object' && value && 'shape' in value && Array.isArray(value.shape))
    return `a tensor of [${value.shape.join(', ')}]`;
  return isPlain(value) ? dumpsJson(value) : 'source exists, but could not be serialized.';
}

const isPlain = (value: unknown): boolean =>
  value === null ||
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value)
    ? value.every(isPlain)
    : typeof value === 'object' &&
      Object.getPrototypeOf(value) === Object.prototype &&
      Object.values(value!).every(isPlain));

const PreviewAny = defineNode({
  type: 'PreviewAny',
  display: 'Preview Any',
  category: 'utils',
  inputs: { source: socket('*') },
  outputs: [output('STRING')],
  outputNode: true,
  run({ source }, context) {
    const text = textOf(source, context.inputType('source'));
    return { outputs: [text], ui: { text: [text] } };
  },
});

export const PRIMITIVE_NODES: readonly NodeDeclaration[] = [
  PrimitiveString,
  PrimitiveStringMultiline,
  PrimitiveInt,
  PrimitiveFloat,
  PrimitiveBoolean,
  PreviewAny,
];
