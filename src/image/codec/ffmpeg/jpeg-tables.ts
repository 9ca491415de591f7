// The tables that precede the scans of a JPEG file: quantisation and Huffman codes (ITU-T T.81,
// annex B).
import { type HuffmanTable, huffmanTable } from './jpeg-bits.ts';

/** The tables read so far, by their ids. */
export interface JpegTables {
  readonly quantisation: (Uint16Array | undefined)[];
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  /** Units between restart markers; 0 if there are none. */
  restartInterval: number;
}

const diagonal = (index: number): number => (index >> 3) + (index & 7);

/** Index of each coefficient in zigzag order: along the diagonals, up and down in turn. */
export const ZIGZAG = Uint8Array.from({ length: 64 }, (_, i) => i).sort(
  (a, b) => diagonal(a) - diagonal(b) || (diagonal(a) % 2 === 0 ? b - a : a - b),
);

export function readQuantisation(segment: Uint8Array, { quantisation }: JpegTables): void {
  for (let at = 0; at < segment.length; ) {
    const [wide, id] = [segment[at] >> 4, segment[at] & 15];
    at++;
    const table = new Uint16Array(64);
    for (let i = 0; i < 64; i++) {
      table[ZIGZAG[i]] = wide ? (segment[at] << 8) | segment[at + 1] : segment[at];
      at += wide ? 2 : 1;
    }
    quantisation[id] = table;
  }
}

/** Throws an `Error` for a table of impossible codes. */
export function readHuffman(segment: Uint8Array, { dc, ac }: JpegTables): void {
  for (let at = 0; at + 17 <= segment.length; ) {
    const [kind, id] = [segment[at] >> 4, segment[at] & 15];
    const counts = segment.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    (kind ? ac : dc)[id] = huffmanTable(counts, segment.slice(at + 17, at + 17 + total));
    at += 17 + total;
  }
}
