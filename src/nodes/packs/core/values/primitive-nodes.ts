// Nodes for constants, and a node that shows any value.
// Source: ComfyUI comfy_extras/nodes_primitive.py, nodes_preview_any.py.
import { dumpsJson } from '../../../../formats/dumps-json.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import { type Tensor, tensor } from '../../../../tensor/tensor.ts';
import { tensorText } from '../../../../text/tensor-text.ts';
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
import type { Behaviour } from '../../../versions/behaviour-changes.ts';

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

type ShownForm = Pick<Behaviour, 'previewIndent' | 'previewIsAscii' | 'previewEdgeItems'>;

/** A value as ComfyUI shows it; of what it shows by Python's class names, a sentence. */
function textOf(value: unknown, type: string | undefined, form: ShownForm): string {
  const scalar = scalarText(value, type);
  if (scalar !== undefined) return scalar;
  const shown = tensorOf(value);
  if (shown) return tensorText(shown, form.previewEdgeItems);
  if (type === 'LATENT')
    return `{'samples': ${tensorText((value as Latent).samples, form.previewEdgeItems)}}`;
  return isPlain(value)
    ? dumpsJson(value, { indent: form.previewIndent, ascii: form.previewIsAscii })
    : 'source exists, but could not be serialized.';
}

/** The tensor that a value is in ComfyUI: an image, a mask, sigmas. */
function tensorOf(value: unknown): Tensor | undefined {
  if (value instanceof Float32Array) return tensor([value.length], value);
  return typeof value === 'object' && value !== null && 'shape' in value && 'data' in value
    ? (value as Tensor)
    : undefined;
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
    const text = textOf(source, context.inputType('source'), context.behaviour);
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
