// The entropy-coded bits of a JPEG scan and its Huffman codes (ITU-T T.81, annexes C and F).

/** The codes of one table: for each length 1 to 16, the first code, and where its symbols begin. */
export interface HuffmanTable {
  /** Length and symbol of each code of at most LOOKUP_BITS bits, by its bits and any further. */
  readonly lookup: Int16Array;
  /** The largest code of each length, shifted to 16 bits; -1 if there is none. */
  readonly maxCode: Int32Array;
  /** Index of a symbol = code + offset of its length. */
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

const LOOKUP_BITS = 9;

/** The table with `counts[i]` codes of length i + 1. Throws an `Error` for impossible counts. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const lookup = new Int16Array(1 << LOOKUP_BITS).fill(-1);
  const maxCode = new Int32Array(17).fill(-1);
  const offset = new Int32Array(17);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    offset[length] = index - code;
    for (let i = 0; i < counts[length - 1]; i++, code++, index++) {
      if (code >= 1 << length) throw new Error('it has a Huffman table with too many codes');
      if (length > LOOKUP_BITS) continue;
      const entry = (length << 8) | symbols[index];
      const first = code << (LOOKUP_BITS - length);
      lookup.fill(entry, first, first + (1 << (LOOKUP_BITS - length)));
    }
    if (counts[length - 1] > 0) maxCode[length] = code - 1;
    code <<= 1;
  }
  return { lookup, maxCode, offset, symbols };
}

/** Reads the bits of one scan. It throws an `Error` where they end early. */
export class ScanBits {
  readonly #file: Uint8Array;
  #at: number;
  #bits = 0;
  #count = 0;

  constructor(file: Uint8Array, at: number) {
    this.#file = file;
    this.#at = at;
  }

  /** Where the scan's next byte or marker is. */
  get at(): number {
    return this.#at;
  }

  #fill(): void {
    const file = this.#file;
    while (this.#count <= 16) {
      let byte = 0;
      if (this.#at < file.length) {
        byte = file[this.#at];
        if (byte !== 0xff) this.#at++;
        else if (file[this.#at + 1] === 0) this.#at += 2;
        // zeros before a marker: only what is read beyond them is an error
        else byte = this.#pad();
      } else byte = this.#pad();
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }

  #padded = 0;
  #pad(): number {
    if (++this.#padded > 8) throw new Error('its data is cut or corrupt');
    return 0;
  }

  /** The next `count` bits, 0 to 16, as an unsigned number. */
  read(count: number): number {
    if (count === 0) return 0;
    if (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#bits >> this.#count) & ((1 << count) - 1);
  }

  /** A coefficient of `size` bits (T.81, EXTEND). */
  signed(size: number): number {
    const value = this.read(size);
    return size === 0 || value >> (size - 1) ? value : value - (1 << size) + 1;
  }

  symbol({ lookup, maxCode, offset, symbols }: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = lookup[(this.#bits >> (this.#count - LOOKUP_BITS)) & ((1 << LOOKUP_BITS) - 1)];
    if (entry >= 0) {
      this.#count -= entry >> 8;
      return entry & 0xff;
    }
    for (let length = LOOKUP_BITS + 1; length <= 16; length++) {
      const code = (this.#bits >> (this.#count - length)) & ((1 << length) - 1);
      if (code > maxCode[length]) continue;
      this.#count -= length;
      return symbols[code + offset[length]];
    }
    throw new Error('its data is corrupt');
  }

  /** Skips to behind the next restart marker, which must follow here. */
  restart(): void {
    this.#bits = 0;
    this.#count = 0;
    this.#padded = 0;
    const file = this.#file;
    while (file[this.#at] === 0xff && file[this.#at + 1] === 0xff) this.#at++;
    const marker = file[this.#at + 1];
    if (file[this.#at] !== 0xff || !(marker >= 0xd0 && marker <= 0xd7))
      throw new Error('a restart marker is missing');
    this.#at += 2;
  }
}
