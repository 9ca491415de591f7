// The bytes of a pickle, read one after another; all numbers are little-endian but for floats.
import { malformed, PickleError, tooLarge } from './pickle-error.ts';

export interface Input {
  /** Where the next byte is read. */
  at(): number;
  byte(): number;
  uint(bytes: 1 | 2 | 4 | 8): number;
  int32(): number;
  double(): number;
  /** A view of the next bytes. */
  take(length: number): Uint8Array;
  utf8(length: number): string;
  latin1(length: number): string;
  /** Text up to the next line feed. */
  line(): string;
  /** A signed integer of any length; a number where it is exact. */
  long(length: number): number | bigint;
}

const MAX_LINE = 1000;
const MAX_TEXT = 2 ** 24;
const MAX_LONG = 1024;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function inputOf(bytes: Uint8Array, start: number): Input {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  const step = (length: number): number => {
    if (length > bytes.length - at) throw new PickleError('cut off', 'its pickle ends too early');
    const from = at;
    at += length;
    return from;
  };
  const take = (length: number): Uint8Array => {
    const from = step(length);
    return bytes.subarray(from, from + length);
  };
  const text = (length: number): Uint8Array => {
    if (length > MAX_TEXT) throw tooLarge(`its pickle holds a text of ${length} bytes`);
    return take(length);
  };
  const utf8 = (part: Uint8Array): string => {
    try {
      return UTF8.decode(part);
    } catch {
      throw malformed('its pickle holds a text that is not UTF-8');
    }
  };
  const latin1 = (part: Uint8Array): string =>
    Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1');
  return {
    at: () => at,
    byte: () => bytes[step(1)],
    uint: (size) => {
      const from = step(size);
      if (size === 1) return view.getUint8(from);
      if (size === 2) return view.getUint16(from, true);
      if (size === 4) return view.getUint32(from, true);
      return Number(view.getBigUint64(from, true));
    },
    int32: () => view.getInt32(step(4), true),
    double: () => view.getFloat64(step(8), false),
    take,
    utf8: (length) => utf8(text(length)),
    latin1: (length) => latin1(text(length)),
    line: () => {
      const end = bytes.subarray(at, at + MAX_LINE + 1).indexOf(10);
      if (end < 0 && bytes.length - at > MAX_LINE)
        throw tooLarge('its pickle holds a name of more than 1000 bytes');
      const part = take(end < 0 ? bytes.length - at + 1 : end);
      at++;
      return utf8(part);
    },
    long: (length) => {
      if (length > MAX_LONG) throw tooLarge(`its pickle holds an integer of ${length} bytes`);
      const part = take(length);
      if (length === 0) return 0;
      const hex = Buffer.from(part).reverse().toString('hex');
      const value = BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
        ? Number(value)
        : value;
    },
  };
}
