// Builds pickles operation by operation, for tests (names as in Python's pickletools).

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const PROTO = (version: number): Buffer => Buffer.from([0x80, version]);
export const STOP = latin1('.');
export const MARK = latin1('(');
export const REDUCE = latin1('R');
export const BUILD = latin1('b');
export const NEWOBJ = latin1('\x81');
export const STACK_GLOBAL = latin1('\x93');
export const TUPLE = latin1('t');
export const TUPLE1 = latin1('\x85');
export const TUPLE2 = latin1('\x86');
export const EMPTY_TUPLE = latin1(')');
export const EMPTY_DICT = latin1('}');
export const EMPTY_LIST = latin1(']');
export const NONE = latin1('N');
export const FALSE = latin1('\x89');
export const TRUE = latin1('\x88');
export const SETITEM = latin1('s');
export const SETITEMS = latin1('u');
export const APPEND = latin1('a');
export const APPENDS = latin1('e');
export const BINPERSID = latin1('Q');
export const POP = latin1('0');
export const DUP = latin1('2');
export const MEMOIZE = latin1('\x94');
export const GLOBAL = (module: string, name: string): Buffer =>
  Buffer.from(`c${module}\n${name}\n`);
/** BINUNICODE: a string of up to 4 GiB. */
export const text = (value: string): Buffer =>
  Buffer.concat([latin1('X'), u32(Buffer.byteLength(value)), Buffer.from(value)]);
/** An integer, as BININT1 where it is one byte, else as LONG1. */
export const int = (value: number): Buffer => {
  if (value >= 0 && value < 256) return Buffer.from([0x4b, value]);
  const bytes = Buffer.alloc(10);
  bytes[0] = 0x8a;
  bytes[1] = 8;
  bytes.writeBigInt64LE(BigInt(value), 2);
  return bytes;
};
/** LONG4 with a length that need not be that of the data. */
export const LONG4 = (length: number, data: Uint8Array = Buffer.alloc(0)): Buffer =>
  Buffer.concat([latin1('\x8b'), u32(length), data]);
export const PUT = (index: number): Buffer => Buffer.concat([latin1('r'), u32(index)]);
export const GET = (index: number): Buffer => Buffer.concat([latin1('j'), u32(index)]);
export const tuple = (...items: readonly Buffer[]): Buffer =>
  Buffer.concat([MARK, ...items, TUPLE]);
export const numbers = (values: readonly number[]): Buffer => tuple(...values.map(int));
/** A whole pickle of protocol 2 with these operations. */
export const pickle = (...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([PROTO(2), ...parts, STOP]);
/** A dictionary of keys and values, one after the other. */
export const dict = (...pairs: readonly Buffer[]): Buffer =>
  Buffer.concat([EMPTY_DICT, MARK, ...pairs, SETITEMS]);
