// Encodes a graph as an ONNX ModelProto. Field numbers are those of onnx.proto3.
import {
  bytesField,
  concatBytes,
  floatField,
  intField,
  messageField,
  packedInts,
  textField,
} from './protobuf.ts';

/** Codes of TensorProto.DataType. */
export const ELEMENT = {
  f32: 1,
  u8: 2,
  i8: 3,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  bf16: 16,
  f8e4m3: 17,
  f8e5m2: 19,
} as const;
export type ElementType = keyof typeof ELEMENT;

/**
 * A branch of an `If`, or the body of a `Scan`: operators, which may use all outer values, what
 * they are given, and their output.
 */
export interface Subgraph {
  readonly inputs?: readonly string[];
  readonly nodes: readonly Node[];
  readonly output: string;
}

/**
 * An integer, a list of integers, a string, a float (wrapped, because 1 could be both), or a
 * branch.
 */
export type Attribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly graph: Subgraph };

export interface Node {
  readonly domain: string;
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/**
 * The location of a tensor's bytes: a file name (relative to the session's folder), the first byte
 * and the byte count.
 */
export interface External {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

export interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Uint8Array | External;
}

/** A graph input or output; a dimension with a name is free. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

export interface Model {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

const IR_VERSION = 10;
const OPSETS = { '': 22, 'com.microsoft': 1 };

/** Returns the bytes of an .onnx file. */
export function serialize(model: Model): Uint8Array {
  const graph = [
    ...model.nodes.map((n) => messageField(1, node(n))),
    textField(2, 'darkroom'),
    ...model.initializers.map((i) => messageField(5, initializer(i))),
    ...model.inputs.map((p) => messageField(11, port(p))),
    ...model.outputs.map((p) => messageField(12, port(p))),
  ];
  const opsets = Object.entries(OPSETS).map(([domain, version]) =>
    messageField(8, [textField(1, domain), intField(2, version)]),
  );
  return concatBytes([
    intField(1, IR_VERSION),
    textField(2, 'darkroom'),
    messageField(7, graph),
    ...opsets,
  ]);
}

function node(n: Node): Uint8Array[] {
  return [
    ...n.inputs.map((name) => textField(1, name)),
    ...n.outputs.map((name) => textField(2, name)),
    textField(3, n.outputs[0]),
    textField(4, n.type),
    ...Object.entries(n.attributes).map(([name, value]) => messageField(5, attribute(name, value))),
    textField(7, n.domain),
  ];
}

function attribute(name: string, value: Attribute): Uint8Array[] {
  const head = textField(1, name);
  if (typeof value === 'number') return [head, intField(3, value), intField(20, 2)];
  if (typeof value === 'string') return [head, textField(4, value), intField(20, 3)];
  if ('float' in value) return [head, floatField(2, value.float), intField(20, 1)];
  if ('graph' in value) {
    const { inputs = [], nodes, output } = value.graph;
    const graph = [
      ...nodes.map((n) => messageField(1, node(n))),
      textField(2, output),
      ...inputs.map((name) => messageField(11, [textField(1, name)])),
      messageField(12, [textField(1, output)]),
    ];
    return [head, messageField(6, graph), intField(20, 5)];
  }
  return [head, packedInts(8, value), intField(20, 7)];
}

function initializer(i: Initializer): Uint8Array[] {
  const head = [packedInts(1, i.dims), intField(2, ELEMENT[i.type]), textField(8, i.name)];
  if (i.data instanceof Uint8Array) return [...head, bytesField(9, i.data)];
  const { location, offset, length } = i.data;
  const entries = Object.entries({ location, offset: String(offset), length: String(length) });
  return [
    ...head,
    ...entries.map(([key, value]) => messageField(13, [textField(1, key), textField(2, value)])),
    intField(14, 1),
  ];
}

function port(p: Port): Uint8Array[] {
  const dims = p.dims.map((d) =>
    messageField(1, [typeof d === 'string' ? textField(2, d) : intField(1, d)]),
  );
  return [
    textField(1, p.name),
    messageField(2, [messageField(1, [intField(1, ELEMENT[p.type]), messageField(2, dims)])]),
  ];
}
