// Reads the inputs, outputs and metadata of an .onnx file from its bytes; everything else is
// skipped.
import { DarkroomError } from '../errors.ts';

export interface FilePort {
  readonly name: string;
  /** TensorProto.DataType: 1 float32, 6 int32, 7 int64 … */
  readonly element: number;
  /** Absent where the file does not say; a free dimension is a name or undefined. */
  readonly dims?: readonly (number | string | undefined)[];
}

export interface OnnxPorts {
  /** Without the weights. */
  readonly inputs: readonly FilePort[];
  readonly outputs: readonly FilePort[];
  /** metadata_props */
  readonly metadata: ReadonlyMap<string, string>;
}

interface Field {
  readonly number: number;
  /** The value of a varint; 0 for other kinds. */
  readonly value: number;
  /** The bytes of a length-delimited field; empty for other kinds. */
  readonly bytes: Uint8Array;
}

const NONE = new Uint8Array();
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/**
 * Yields the fields of a message in order. Throws RangeError for bytes that are not a whole
 * message.
 */
function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length || scale > 2 ** 63) throw new RangeError('varint');
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const skip = (count: number): number => {
    const from = at;
    if (count < 0 || at + count > bytes.length) throw new RangeError('length');
    at += count;
    return from;
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, value: varint(), bytes: NONE };
        break;
      case 1:
        skip(8);
        break;
      case 2: {
        const length = varint();
        const from = skip(length);
        yield { number, value: 0, bytes: bytes.subarray(from, from + length) };
        break;
      }
      case 5:
        skip(4);
        break;
      default:
        throw new RangeError('wire type');
    }
  }
}

const first = (message: Uint8Array, number: number): Field | undefined => {
  for (const field of fieldsOf(message)) if (field.number === number) return field;
  return undefined;
};

const textOf = (message: Uint8Array, number: number): string =>
  text(first(message, number)?.bytes ?? NONE);

function dimension(message: Uint8Array): number | string | undefined {
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 1) return value;
    if (number === 2) return text(bytes);
  }
  return undefined;
}

/** Decodes a ValueInfoProto. */
function portOf(message: Uint8Array): FilePort {
  const tensor = first(first(message, 2)?.bytes ?? NONE, 1)?.bytes ?? NONE;
  const shape = first(tensor, 2);
  return {
    name: textOf(message, 1),
    element: first(tensor, 1)?.value ?? 0,
    ...(shape && {
      dims: [...fieldsOf(shape.bytes)]
        .filter(({ number }) => number === 1)
        .map(({ bytes }) => dimension(bytes)),
    }),
  };
}

/** Returns the ports of an .onnx file. Throws DR_MODEL_UNSUPPORTED for other bytes. */
export function readPorts(bytes: Uint8Array, file: string): OnnxPorts {
  try {
    const metadata = new Map<string, string>();
    let graph: Uint8Array | undefined;
    for (const field of fieldsOf(bytes)) {
      if (field.number === 7) graph = field.bytes;
      if (field.number === 14) metadata.set(textOf(field.bytes, 1), textOf(field.bytes, 2));
    }
    if (!graph) throw new RangeError('no graph');
    const fields = [...fieldsOf(graph)];
    const weights = new Set(
      fields.filter(({ number }) => number === 5).map((field) => textOf(field.bytes, 8)),
    );
    const ports = (number: number): FilePort[] =>
      fields.filter((field) => field.number === number).map((field) => portOf(field.bytes));
    return {
      inputs: ports(11).filter(({ name }) => !weights.has(name)),
      outputs: ports(12),
      metadata,
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `${file} is not an ONNX model, or is damaged`,
      hint: 'Download the file again.',
      file,
      cause,
    });
  }
}
