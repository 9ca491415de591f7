// Reads the bytes of a pickle one after another. All numbers are little-endian except floats.
import { malformed, PickleError, tooLarge } from './pickle-error.ts';

const MAX_LINE = 1000;
const MAX_TEXT = 2 ** 24;
const MAX_LONG = 1024;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Its methods throw PickleError at the end of the bytes and beyond the limits on sizes. */
export class PickleInput {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
  }

  /** The offset of the next byte. */
  get position(): number {
    return this.#position;
  }

  byte(): number {
    return this.#bytes[this.#advance(1)];
  }

  uint(size: 1 | 2 | 4 | 8): number {
    const from = this.#advance(size);
    if (size === 1) return this.#view.getUint8(from);
    if (size === 2) return this.#view.getUint16(from, true);
    if (size === 4) return this.#view.getUint32(from, true);
    return Number(this.#view.getBigUint64(from, true));
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  utf8(length: number): string {
    return decodeUtf8(this.#text(length));
  }

  latin1(length: number): string {
    const { buffer, byteOffset, byteLength } = this.#text(length);
    return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  }

  /** The text before the next line feed, which is consumed too. */
  line(): string {
    const rest = this.#bytes.length - this.#position;
    const window = this.#bytes.subarray(this.#position, this.#position + MAX_LINE + 1);
    const end = window.indexOf(10);
    if (end < 0 && rest > MAX_LINE)
      throw tooLarge(`its pickle contains a name of more than ${MAX_LINE} bytes`);
    const part = this.take(end < 0 ? rest + 1 : end);
    this.#position++;
    return decodeUtf8(part);
  }

  /** A signed integer of any length; a number where it is exact, else a bigint. */
  long(length: number): number | bigint {
    if (length > MAX_LONG) throw tooLarge(`its pickle contains an integer of ${length} bytes`);
    const part = this.take(length);
    if (length === 0) return 0;
    const hex = Buffer.from(part).reverse().toString('hex');
    const value = BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : value;
  }

  #text(length: number): Uint8Array {
    if (length > MAX_TEXT) throw tooLarge(`its pickle contains a string of ${length} bytes`);
    return this.take(length);
  }

  /** Moves past the next `length` bytes and returns where they begin. */
  #advance(length: number): number {
    if (length > this.#bytes.length - this.#position)
      throw new PickleError('cut off', 'its pickle ends too early');
    const from = this.#position;
    this.#position += length;
    return from;
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw malformed('its pickle contains a string that is not UTF-8');
  }
}
