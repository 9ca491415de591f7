// Builds an ONNX graph operator by operator. Weights are initialisers that point into a file; all arithmetic is float32,
// so that stored halves go through a Cast (folded by ONNX Runtime when it loads). Knows operators and bytes, no model.
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { DarkroomError } from '../errors.ts';
import {
  type Attribute,
  ELEMENT,
  type ElementType,
  type External,
  type Initializer,
  type Model,
  type Node,
  type Port,
  serialize,
} from './serialize.ts';

/** The name of an edge of the graph. */
export type Value = string;

/** A tensor that lies in a file; `location` is the file's absolute path. */
export interface ExternalTensor extends External {
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/** A tensor in memory, little-endian. */
export interface InlineTensor {
  readonly bytes: Uint8Array;
  readonly type: ElementType;
  readonly dims: readonly number[];
}

export interface Graph {
  /** Adds an operator with one output. `type` may carry a domain: 'com.microsoft.Gelu'. An absent optional input is ''. */
  op(
    type: string,
    inputs: readonly Value[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value;
  /** An operator with several outputs. */
  outputsOf(
    type: string,
    inputs: readonly Value[],
    count: number,
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value[];
  /** The value of the branch that a truth value of one element chooses; only that branch is evaluated. `no` is right in any case: GPUs take it always. */
  choose(condition: Value, yes: () => Value, no: () => Value): Value;
  /** A constant of int64 values, one-dimensional. */
  ints(values: readonly number[]): Value;
  /** A constant of float32 values; one-dimensional unless `dims` says otherwise. */
  floats(values: ArrayLike<number>, dims?: readonly number[]): Value;
  /** A tensor in a file, as float32; the same bytes under the same shape are one value. `rounded`: to this type first. */
  external(tensor: ExternalTensor, rounded?: ElementType): Value;
  /** A tensor in a file as it is stored; the same bytes under the same shape are one value. */
  externalRaw(tensor: ExternalTensor): Value;
  /** A tensor whose bytes are at hand, as float32; they become part of the model, which ends at 2 GiB. */
  inline(tensor: InlineTensor, rounded?: ElementType): Value;
  /** A tensor whose bytes are at hand, as it is stored. */
  inlineRaw(tensor: InlineTensor): Value;
  /** Float32 values, rounded to another type and back. */
  round(value: Value, to: ElementType): Value;
  /** Declares a float32 input; named dimensions are free. */
  input(name: string, dims: readonly (number | string)[]): Value;
  /** Gives a value out under a name. */
  output(name: string, value: Value, dims: readonly (number | string)[]): void;
  /** Bytes that the external tensors take as float32. */
  weightBytes(): number;
  /** Of these, what ONNX Runtime has twice for a moment while it loads: the weights of convolutions, which it lays out anew. */
  relayoutBytes(): number;
  /** The files of all external tensors. */
  files(): readonly string[];
  /** The deepest folder that holds the files of all external tensors; the serialized model names them from there. */
  folder(): string;
  /** The whole model as the bytes of an .onnx file. `change`: what a device wants done to it first. */
  serialize(change?: (model: Model) => Model): Uint8Array;
}

export function createGraph(): Graph {
  const nodes: Node[] = [];
  const initializers: Initializer[] = [];
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  const known = new Map<string, Value>();
  /** Where operators are added: the graph, or a branch that is being built. */
  let here = nodes;
  let count = 0;
  let weights = 0;
  let twice = 0;

  const once = (key: string, make: () => Value): Value => {
    const old = known.get(key);
    if (old !== undefined) return old;
    const value = make();
    known.set(key, value);
    return value;
  };
  const constant = (
    type: ElementType,
    dims: readonly number[],
    data: Initializer['data'],
  ): Value => {
    const name = `c${count++}`;
    initializers.push({ name, type, dims, data });
    return name;
  };
  const outputsOf: Graph['outputsOf'] = (type, ins, n, attributes = {}) => {
    const dot = type.lastIndexOf('.');
    const names = Array.from({ length: n }, () => `${type.slice(dot + 1)}_${count++}`);
    here.push({
      domain: type.slice(0, Math.max(dot, 0)),
      type: type.slice(dot + 1),
      inputs: ins,
      outputs: names,
      attributes,
    });
    return names;
  };
  const op: Graph['op'] = (type, ins, attributes) => outputsOf(type, ins, 1, attributes)[0];
  const inside = (list: Node[], work: () => Value): Value => {
    const around = here;
    here = list;
    try {
      return work();
    } finally {
      here = around;
    }
  };
  const choose: Graph['choose'] = (condition, yes, no) => {
    const branch = (work: () => Value): Attribute => {
      const list: Node[] = [];
      const output = inside(list, () => op('Identity', [work()]));
      return { graph: { nodes: list, output } };
    };
    return op('If', [condition], { then_branch: branch(yes), else_branch: branch(no) });
  };
  const files = (): string[] => [
    ...new Set(initializers.flatMap(({ data }) => ('location' in data ? [data.location] : []))),
  ];
  const folder = (): string => commonFolder(files());
  const cast = (value: Value, to: ElementType): Value => op('Cast', [value], { to: ELEMENT[to] });
  const round: Graph['round'] = (value, to) =>
    cast(
      op('Cast', [value], { to: ELEMENT[to], ...(to.startsWith('f8') && { saturate: 0 }) }),
      'f32',
    );

  const asFloat = (
    stored: Value,
    type: ElementType,
    dims: readonly number[],
    rounded?: ElementType,
  ): Value => {
    const bytes = dims.reduce((n, d) => n * d, 4);
    weights += bytes;
    if (dims.length === 4) twice += bytes;
    // outside of any branch, as others may use it too
    return inside(nodes, () => {
      const wide = type === 'f32' ? stored : cast(stored, 'f32');
      return rounded && rounded !== type ? round(wide, rounded) : wide;
    });
  };

  return {
    op,
    outputsOf,
    choose,
    ints: (values) =>
      once(`i64 ${values}`, () =>
        constant('i64', [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer)),
      ),
    floats: (values, dims = [values.length]) => {
      const data = Float32Array.from(values);
      const make = (): Value => constant('f32', dims, new Uint8Array(data.buffer));
      return data.length > 64 ? make() : once(`f32 ${dims} ${data}`, make);
    },
    external: ({ location, offset, length, type, dims }, rounded) =>
      once(`file ${location} ${offset} ${length} ${dims} ${rounded}`, () =>
        asFloat(constant(type, dims, { location, offset, length }), type, dims, rounded),
      ),
    externalRaw: ({ location, offset, length, type, dims }) =>
      once(`mapped ${location} ${offset} ${length} ${dims}`, () => {
        weights += length;
        return constant(type, dims, { location, offset, length });
      }),
    inline: ({ bytes, type, dims }, rounded) =>
      asFloat(constant(type, dims, bytes), type, dims, rounded),
    inlineRaw: ({ bytes, type, dims }) =>
      once(`raw ${type} ${dims} ${Buffer.from(bytes).toString('base64')}`, () =>
        constant(type, dims, bytes),
      ),
    round,
    input: (name, dims) => {
      inputs.push({ name, type: 'f32', dims });
      return name;
    },
    output: (name, value, dims) => {
      nodes.push({
        domain: '',
        type: 'Identity',
        inputs: [value],
        outputs: [name],
        attributes: {},
      });
      outputs.push({ name, type: 'f32', dims });
    },
    weightBytes: () => weights,
    files,
    relayoutBytes: () => twice,
    folder,
    serialize: (change = (model) => model) =>
      serialize(
        change({ nodes, initializers: namedFrom(folder(), initializers), inputs, outputs }),
      ),
  };
}

/** Throws DR_MODEL_UNSUPPORTED for files of two drives, which have no folder in common. */
function commonFolder(files: readonly string[]): string {
  const [first, ...rest] = new Set(files);
  if (first === undefined) return '';
  let folder = dirname(first);
  const holds = (file: string): boolean => {
    const path = relative(folder, file);
    return !isAbsolute(path) && path.split(sep)[0] !== '..';
  };
  for (const file of rest)
    while (!holds(file)) {
      if (dirname(folder) === folder)
        throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
          message: `${first} and ${file} lie on different drives`,
          hint: 'Files that are used together in one network must be on one drive; move one of them.',
          file,
        });
      folder = dirname(folder);
    }
  return folder;
}

const namedFrom = (folder: string, initializers: readonly Initializer[]): Initializer[] =>
  initializers.map((one) => {
    if (!('location' in one.data)) return one;
    return {
      ...one,
      data: { ...one.data, location: relative(folder, one.data.location).split(sep).join('/') },
    };
  });
