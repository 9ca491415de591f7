// The scans of a JPEG file: which blocks they code in which order (ITU-T T.81, annexes A and B).
import { ScanBits } from './jpeg-bits.ts';
import { type Band, blockDecoder, type DecodeBlock, type ScanComponent } from './jpeg-blocks.ts';
import type { UnfinishedFrame } from './jpeg-frame.ts';
import type { JpegTables } from './jpeg-tables.ts';

/**
 * Reads a scan into the coefficients of its components; `at` is where its data begins. Returns
 * where the next marker is. Throws an `Error` with the reason for damaged data.
 */
export function readScan(
  file: Uint8Array,
  at: number,
  header: Uint8Array,
  frame: UnfinishedFrame,
  tables: JpegTables,
): number {
  const scanned = scannedBy(header, frame, tables);
  const reader = new ScanBits(file, at);
  const decode = blockDecoder(reader, frame.isProgressive ? bandOf(header) : undefined);
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

const scannedBy = (
  header: Uint8Array,
  frame: UnfinishedFrame,
  tables: JpegTables,
): readonly ScanComponent[] =>
  Array.from({ length: header[0] }, (_, i): ScanComponent => {
    const [id, ids] = header.subarray(1 + 2 * i, 3 + 2 * i);
    const component = frame.components.find((candidate) => candidate.id === id);
    if (!component) throw new Error('a scan is of an unknown component');
    component.quantisation ??= tables.quantisation[component.quantisationId];
    return { component, dc: tables.dc[ids >> 4], ac: tables.ac[ids & 15], prediction: 0 };
  });

function bandOf(header: Uint8Array): Band {
  const [start, end, bits] = header.subarray(1 + 2 * header[0]);
  return { start, end, high: bits >> 4, low: bits & 15 };
}

/** The units of a scan in order: single blocks of one component, or some blocks of each. */
function unitsOf(
  { unitColumns, unitRows }: UnfinishedFrame,
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

/** The next marker that is no restart marker; damaged bytes before it are skipped. */
function nextMarker(file: Uint8Array, from: number): number {
  for (let at = from; at + 1 < file.length; at++) {
    const marker = file[at + 1];
    const isRestart = marker >= 0xd0 && marker <= 0xd7;
    if (file[at] === 0xff && marker !== 0 && marker !== 0xff && !isRestart) return at;
  }
  throw new Error('its end is missing');
}
