// The blocks of a JPEG scan, sequential or progressive, as Huffman codes (ITU-T T.81, annexes F and
// G).
import type { HuffmanTable, ScanBits } from './jpeg-bits.ts';
import type { UnfinishedComponent } from './jpeg-frame.ts';
import { ZIGZAG } from './jpeg-tables.ts';

/** A component in a scan, with its tables and the state of its prediction. */
export interface ScanComponent {
  readonly component: UnfinishedComponent;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
  prediction: number;
}

/** What a progressive scan codes: coefficients from `start` to `end`, bits from `low` up. */
export interface Band {
  readonly start: number;
  readonly end: number;
  /** `low` of the scan before; 0 in the first one. */
  readonly high: number;
  readonly low: number;
}

/** Decodes the block whose coefficients begin at an index. Throws an `Error` for corrupt data. */
export type DecodeBlock = (scanned: ScanComponent, at: number) => void;

/** How many of the next blocks are empty. */
interface EmptyRun {
  blocks: number;
}

/** Decodes blocks of a band, or of a sequential scan; `restart` forgets a run of empty blocks. */
export function blockDecoder(
  reader: ScanBits,
  band: Band | undefined,
): { readonly block: DecodeBlock; restart(): void } {
  const run: EmptyRun = { blocks: 0 };
  return {
    block: band ? progressive(reader, band, run) : (one, at) => sequential(reader, one, at),
    restart: () => {
      run.blocks = 0;
    },
  };
}

function progressive(reader: ScanBits, band: Band, run: EmptyRun): DecodeBlock {
  const isFirst = band.high === 0;
  if (band.start === 0)
    return isFirst
      ? (one, at) => firstDc(reader, one, at, band.low)
      : (one, at) => refineDc(reader, one, at, band.low);
  return isFirst
    ? (one, at) => firstAc(reader, one, at, band, run)
    : (one, at) => refineAc(reader, one, at, band, run);
}

const required = (table: HuffmanTable | undefined): HuffmanTable => {
  if (!table) throw new Error('a Huffman table is missing');
  return table;
};

function sequential(reader: ScanBits, one: ScanComponent, at: number): void {
  firstDc(reader, one, at, 0);
  const { coefficients } = one.component;
  const ac = required(one.ac);
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac);
    const size = symbol & 15;
    k += symbol >> 4;
    if (size > 0) {
      if (k > 63) throw new Error('its data is corrupt');
      coefficients[at + ZIGZAG[k]] = reader.signed(size);
    } else if (symbol !== 0xf0) return;
  }
}

function firstDc(reader: ScanBits, one: ScanComponent, at: number, low: number): void {
  one.prediction += reader.signed(reader.symbol(required(one.dc)) & 15);
  one.component.coefficients[at] = one.prediction << low;
}

function refineDc(reader: ScanBits, { component }: ScanComponent, at: number, low: number): void {
  if (reader.read(1)) component.coefficients[at] |= 1 << low;
}

function firstAc(
  reader: ScanBits,
  { component, ac }: ScanComponent,
  at: number,
  { start, end, low }: Band,
  run: EmptyRun,
): void {
  if (run.blocks > 0) {
    run.blocks--;
    return;
  }
  const table = required(ac);
  for (let k = start; k <= end; k++) {
    const symbol = reader.symbol(table);
    const [zeros, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && zeros < 15) {
      run.blocks = (1 << zeros) - 1 + reader.read(zeros);
      return;
    }
    k += zeros;
    if (size === 0) continue;
    if (k > 63) throw new Error('its data is corrupt');
    component.coefficients[at + ZIGZAG[k]] = reader.signed(size) << low;
  }
}

/** T.81, G.1.2.3: correction bits for what is there, and new coefficients of one bit. */
function refineAc(
  reader: ScanBits,
  { component: { coefficients }, ac }: ScanComponent,
  at: number,
  { start, end, low }: Band,
  run: EmptyRun,
): void {
  const bit = 1 << low;
  const correct = (index: number): void => {
    const value = coefficients[index];
    if (reader.read(1) && (value & bit) === 0)
      coefficients[index] = value + (value > 0 ? bit : -bit);
  };
  let k = start;
  if (run.blocks === 0) {
    const table = required(ac);
    for (; k <= end; k++) {
      const symbol = reader.symbol(table);
      let zeros = symbol >> 4;
      let value = 0;
      if (symbol & 15) value = reader.read(1) ? bit : -bit;
      else if (zeros < 15) {
        run.blocks = (1 << zeros) + reader.read(zeros);
        break;
      }
      for (; k <= end; k++) {
        const index = at + ZIGZAG[k];
        if (coefficients[index] !== 0) correct(index);
        else if (zeros-- === 0) {
          coefficients[index] = value;
          break;
        }
      }
    }
  }
  if (run.blocks === 0) return;
  for (; k <= end; k++) if (coefficients[at + ZIGZAG[k]] !== 0) correct(at + ZIGZAG[k]);
  run.blocks--;
}
