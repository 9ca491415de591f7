// Writes the wire format of Protocol Buffers, as far as ONNX models need it: varints, floats,
// length-delimited fields.

const encoder = new TextEncoder();

/** Joins encoded fields. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Encodes a base-128 varint; negative numbers take ten bytes (two's complement of 64 bits). */
export function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const tag = (field: number, wire: number): Uint8Array => varint(field * 8 + wire);

export const intField = (field: number, value: number | bigint): Uint8Array =>
  concatBytes([tag(field, 0), varint(value)]);

export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concatBytes([tag(field, 5), bytes]);
}

export const bytesField = (field: number, bytes: Uint8Array): Uint8Array =>
  concatBytes([tag(field, 2), varint(bytes.length), bytes]);

export const textField = (field: number, text: string): Uint8Array =>
  bytesField(field, encoder.encode(text));

export const messageField = (field: number, parts: readonly Uint8Array[]): Uint8Array =>
  bytesField(field, concatBytes(parts));

export const packedInts = (field: number, values: readonly number[]): Uint8Array =>
  messageField(field, values.map(varint));
