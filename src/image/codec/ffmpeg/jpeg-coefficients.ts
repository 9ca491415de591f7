// The coefficients of JPEG files with Huffman codes, sequential or progressive (ITU-T T.81).
import { type HuffmanTable, huffmanTable, ScanBits } from './jpeg-bits.ts';

/** A component's blocks of 8x8 coefficients, before they are multiplied by the quantisation. */
export interface JpegComponent {
  readonly id: number;
  /** Sampling factors. */
  readonly h: number;
  readonly v: number;
  /** Size in samples, without what fills its blocks. */
  readonly width: number;
  readonly height: number;
  /** Blocks in a row and in a column, including those that fill the last units. */
  readonly columns: number;
  readonly rows: number;
  /** 64 values per block in rows, blocks in rows. */
  readonly coefficients: Int16Array;
  /** In the order of the coefficients; undefined where the file has no such table. */
  readonly quantisation: Uint16Array | undefined;
}

export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
  /** The transform that an Adobe segment names: 0 none, 1 YCbCr, 2 YCCK. */
  readonly adobeTransform: number | undefined;
  /** Whether the file starts as JFIF. */
  readonly isJfif: boolean;
}

/** Index of each coefficient in zigzag order. */
// prettier-ignore
const ZIGZAG = Uint8Array.of(
  0,
  1,
  8,
  16,
  9,
  2,
  3,
  10,
  17,
  24,
  32,
  25,
  18,
  11,
  4,
  5,
  12,
  19,
  26,
  33,
  40,
  48,
  41,
  34,
  27,
  20,
  13,
  6,
  7,
  14,
  21,
  28,
  35,
  42,
  49,
  56,
  57,
  50,
  43,
  36,
  29,
  22,
  15,
  23,
  30,
  37,
  44,
  51,
  58,
  59,
  52,
  45,
  38,
  31,
  39,
  46,
  53,
  60,
  61,
  54,
  47,
  55,
  62,
  63,
);

interface Tables {
  readonly quantisation: (Uint16Array | undefined)[];
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  restartInterval: number;
}

interface Component extends JpegComponent {
  quantisation: Uint16Array | undefined;
  readonly quantisationId: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly Component[];
  readonly unitColumns: number;
  readonly unitRows: number;
}

const SOF = new Set([0xc0, 0xc1, 0xc2]);
/** Frames of other kinds: lossless, arithmetic codes, hierarchical. */
const OTHER_FRAMES = new Set([0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);

/** Files of more scans are made to take long. */
const MAX_SCANS = 100;

/**
 * Reads all scans. Throws an `Error` with the reason for a file that is damaged, has more than
 * `maxPixels` or samples of more than 8 bits, or codes of another kind.
 */
export function readJpeg(file: Uint8Array, maxPixels: number): JpegFrame {
  let scans = 0;
  const tables: Tables = { quantisation: [], dc: [], ac: [], restartInterval: 0 };
  let frame: Frame | undefined;
  let adobeTransform: number | undefined;
  let isJfif = false;
  let at = 2;
  for (;;) {
    while (file[at] === 0xff && file[at + 1] === 0xff) at++;
    if (at + 1 >= file.length) throw new Error('its end is missing');
    if (file[at] !== 0xff) throw new Error('its data is corrupt');
    const marker = file[at + 1];
    at += 2;
    if (marker === 0xd9) break;
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const length = (file[at] << 8) | file[at + 1];
    const segment = file.subarray(at + 2, at + length);
    if (length < 2 || at + length > file.length) throw new Error('a segment is cut');
    at += length;
    if (marker === 0xdb) readQuantisation(segment, tables);
    else if (marker === 0xc4) readHuffman(segment, tables);
    else if (marker === 0xdd) tables.restartInterval = (segment[0] << 8) | segment[1];
    else if (SOF.has(marker)) {
      if (frame) throw new Error('it has several frames');
      frame = readFrame(segment, marker === 0xc2, maxPixels);
    } else if (OTHER_FRAMES.has(marker)) throw new Error('its codes are of another kind');
    else if (marker === 0xee && isText(segment, 'Adobe')) adobeTransform = segment[11];
    else if (marker === 0xe0 && isText(segment, 'JFIF')) isJfif = true;
    else if (marker === 0xda) {
      if (!frame) throw new Error('a scan comes before its frame');
      if (++scans > MAX_SCANS) throw new Error(`it has more than ${MAX_SCANS} scans`);
      at = readScan(file, at, segment, frame, tables);
    }
  }
  if (!frame) throw new Error('it has no frame');
  return { ...frame, adobeTransform, isJfif };
}

const isText = (segment: Uint8Array, text: string): boolean =>
  Buffer.from(segment.subarray(0, text.length)).toString('latin1') === text;

function readQuantisation(segment: Uint8Array, { quantisation }: Tables): void {
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

function readHuffman(segment: Uint8Array, { dc, ac }: Tables): void {
  for (let at = 0; at + 17 <= segment.length; ) {
    const [kind, id] = [segment[at] >> 4, segment[at] & 15];
    const counts = segment.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    (kind ? ac : dc)[id] = huffmanTable(counts, segment.slice(at + 17, at + 17 + total));
    at += 17 + total;
  }
}

function readFrame(segment: Uint8Array, progressive: boolean, maxPixels: number): Frame {
  const [bits, height, width, count] = [
    segment[0],
    (segment[1] << 8) | segment[2],
    (segment[3] << 8) | segment[4],
    segment[5],
  ];
  if (bits !== 8) throw new Error(`its samples have ${bits} bits`);
  if (width === 0 || height === 0 || segment.length < 6 + 3 * count || count === 0)
    throw new Error('its header is corrupt');
  if (count > 4 || width * height > maxPixels) throw new Error('it is too large');
  const factors = Array.from({ length: count }, (_, i) => {
    const [id, sampling, quantisationId] = segment.subarray(6 + 3 * i, 9 + 3 * i);
    return { id, h: sampling >> 4, v: sampling & 15, quantisationId };
  });
  if (factors.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4))
    throw new Error('its sampling factors are corrupt');
  const hMax = Math.max(...factors.map(({ h }) => h));
  const vMax = Math.max(...factors.map(({ v }) => v));
  const unitColumns = Math.ceil(width / (8 * hMax));
  const unitRows = Math.ceil(height / (8 * vMax));
  const components = factors.map((factor): Component => {
    const [columns, rows] = [unitColumns * factor.h, unitRows * factor.v];
    return {
      ...factor,
      width: Math.ceil((width * factor.h) / hMax),
      height: Math.ceil((height * factor.v) / vMax),
      columns,
      rows,
      coefficients: new Int16Array(64 * columns * rows),
      quantisation: undefined,
    };
  });
  return { width, height, progressive, components, unitColumns, unitRows };
}

/** A component in a scan, with its tables and the state of its prediction. */
interface ScanComponent {
  readonly component: Component;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
  prediction: number;
}

/** What a scan codes: coefficients from `start` to `end`, bits from `low` up. */
interface Band {
  readonly start: number;
  readonly end: number;
  readonly high: number;
  readonly low: number;
}

type DecodeBlock = (scanned: ScanComponent, at: number) => void;

function readScan(
  file: Uint8Array,
  at: number,
  header: Uint8Array,
  frame: Frame,
  tables: Tables,
): number {
  const count = header[0];
  const scanned = Array.from({ length: count }, (_, i): ScanComponent => {
    const [id, ids] = header.subarray(1 + 2 * i, 3 + 2 * i);
    const component = frame.components.find((candidate) => candidate.id === id);
    if (!component) throw new Error('a scan is of an unknown component');
    component.quantisation ??= tables.quantisation[component.quantisationId];
    return { component, dc: tables.dc[ids >> 4], ac: tables.ac[ids & 15], prediction: 0 };
  });
  const [start, end, bits] = header.subarray(1 + 2 * count);
  const band = frame.progressive
    ? { start, end, high: bits >> 4, low: bits & 15 }
    : { start: 0, end: 63, high: 0, low: 0 };
  const reader = new ScanBits(file, at);
  const decode = blockDecoder(reader, band, frame.progressive);
  const units = unitsOf(frame, scanned);
  for (let unit = 0; unit < units.count; unit++) {
    if (tables.restartInterval > 0 && unit > 0 && unit % tables.restartInterval === 0) {
      reader.restart();
      for (const one of scanned) one.prediction = 0;
      decode.restart();
    }
    units.each(unit, decode.block);
  }
  return nextMarker(file, reader.at);
}

/** The units of a scan in order: single blocks of one component, or some blocks of each. */
function unitsOf(
  { unitColumns, unitRows }: Frame,
  scanned: readonly ScanComponent[],
): { readonly count: number; each(unit: number, decode: DecodeBlock): void } {
  if (scanned.length === 1) {
    const [one] = scanned;
    const { component } = one;
    const columns = Math.ceil(component.width / 8);
    return {
      count: columns * Math.ceil(component.height / 8),
      each(unit, decode) {
        const row = Math.floor(unit / columns);
        decode(one, 64 * (row * component.columns + (unit - row * columns)));
      },
    };
  }
  return {
    count: unitColumns * unitRows,
    each(unit, decode) {
      const unitRow = Math.floor(unit / unitColumns);
      const unitColumn = unit - unitRow * unitColumns;
      for (const one of scanned) {
        const { h, v, columns } = one.component;
        for (let y = 0; y < v; y++)
          for (let x = 0; x < h; x++)
            decode(one, 64 * ((unitRow * v + y) * columns + unitColumn * h + x));
      }
    },
  };
}

/** Decodes blocks of a band; `restart` forgets a run of empty blocks. */
function blockDecoder(
  reader: ScanBits,
  band: Band,
  progressive: boolean,
): { readonly block: DecodeBlock; restart(): void } {
  const run: EmptyRun = { blocks: 0 };
  const restart = (): void => {
    run.blocks = 0;
  };
  if (!progressive) return { block: (one, at) => sequential(reader, one, at), restart };
  if (band.start === 0)
    return {
      block:
        band.high === 0
          ? (one, at) => firstDc(reader, one, at, band)
          : ({ component }, at) => {
              if (reader.read(1)) component.coefficients[at] |= 1 << band.low;
            },
      restart,
    };
  return {
    block:
      band.high === 0
        ? (one, at) => firstAc(reader, one, at, band, run)
        : (one, at) => refineAc(reader, one, at, band, run),
    restart,
  };
}

interface EmptyRun {
  blocks: number;
}

const required = (table: HuffmanTable | undefined): HuffmanTable => {
  if (!table) throw new Error('a Huffman table is missing');
  return table;
};

function sequential(reader: ScanBits, one: ScanComponent, at: number): void {
  const { coefficients } = one.component;
  one.prediction += reader.signed(reader.symbol(required(one.dc)) & 15);
  coefficients[at] = one.prediction;
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

function firstDc(reader: ScanBits, one: ScanComponent, at: number, { low }: Band): void {
  one.prediction += reader.signed(reader.symbol(required(one.dc)) & 15);
  one.component.coefficients[at] = one.prediction << low;
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

/** The next marker that is no restart marker; damaged bytes before it are skipped. */
function nextMarker(file: Uint8Array, from: number): number {
  for (let at = from; at + 1 < file.length; at++) {
    const marker = file[at + 1];
    const isRestart = marker >= 0xd0 && marker <= 0xd7;
    if (file[at] === 0xff && marker !== 0 && marker !== 0xff && !isRestart) return at;
  }
  throw new Error('its end is missing');
}
