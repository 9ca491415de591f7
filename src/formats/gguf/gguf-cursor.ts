// Reads the header of a GGUF file from its beginning on, a window at a time.
import type { ByteSource } from '../byte-source.ts';
import { CUT_OFF, invalidModel } from '../model-file-errors.ts';

/** Bytes that are read at once. */
const WINDOW = 2 ** 20;
/** Bytes of the longest header that is read; those with large vocabularies have 20 MB. */
const MAX_HEADER = 2 ** 28;

export class GgufCursor {
  readonly #source: ByteSource;
  #window: DataView = new DataView(new ArrayBuffer(0));
  /** Where the window begins. */
  #start = 0;
  /** The next byte. */
  #position = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get position(): number {
    return this.#position;
  }

  /** The bytes that follow. */
  get remaining(): number {
    return this.#source.size - this.#position;
  }

  u8 = async (): Promise<number> => (await this.#take(1)).getUint8(0);
  u32 = async (): Promise<number> => (await this.#take(4)).getUint32(0, true);
  i32 = async (): Promise<number> => (await this.#take(4)).getInt32(0, true);
  f32 = async (): Promise<number> => (await this.#take(4)).getFloat32(0, true);
  f64 = async (): Promise<number> => (await this.#take(8)).getFloat64(0, true);

  /** A size or a count. Throws DR_MODEL_INVALID beyond 2^53. */
  size = async (): Promise<number> => {
    const value = (await this.#take(8)).getBigUint64(0, true);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw this.invalid(`names a size of ${value}`);
  };

  /** A text of at most `most` bytes. Throws DR_MODEL_INVALID for a longer one. */
  text = async (most: number, what: string): Promise<string> => {
    const length = await this.size();
    if (length > most) throw this.invalid(`has ${what} of ${length} bytes (at most ${most})`);
    const { buffer, byteOffset, byteLength } = await this.#take(length);
    return new TextDecoder().decode(new Uint8Array(buffer, byteOffset, byteLength));
  };

  /** Passes over bytes. Throws DR_MODEL_INVALID when the file ends before. */
  skip = (length: number): void => {
    this.#require(length);
    this.#position += length;
  };

  /** Returns to an earlier position. */
  back = (position: number): void => {
    this.#position = position;
  };

  invalid = (what: string, hint?: string): Error =>
    invalidModel(this.#source.file, `is not a valid GGUF file: it ${what}`, hint);

  #require(length: number): void {
    if (length > this.remaining) throw this.invalid('ends within its header', CUT_OFF);
    if (this.#position + length > MAX_HEADER)
      throw this.invalid(`has a header of more than ${MAX_HEADER} bytes`);
  }

  async #take(length: number): Promise<DataView> {
    const { size, read } = this.#source;
    this.#require(length);
    const offset = this.#position - this.#start;
    if (offset < 0 || offset + length > this.#window.byteLength) {
      const bytes = await read(
        this.#position,
        Math.min(Math.max(length, WINDOW), size - this.#position),
      );
      this.#window = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#start = this.#position;
    }
    const at = this.#window.byteOffset + this.#position - this.#start;
    this.#position += length;
    return new DataView(this.#window.buffer, at, length);
  }
}
