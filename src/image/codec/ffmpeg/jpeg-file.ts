// JPEG files with Huffman codes, sequential or progressive, up to their coefficients (ITU-T T.81).
import { finished, type JpegComponent, readFrame, type UnfinishedFrame } from './jpeg-frame.ts';
import { readScan } from './jpeg-scan.ts';
import { type JpegTables, readHuffman, readQuantisation } from './jpeg-tables.ts';

export interface JpegFile {
  readonly components: readonly JpegComponent[];
  /** The transform that an Adobe segment names: 0 none, 1 YCbCr, 2 YCCK. */
  readonly adobeTransform: number | undefined;
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
export function readJpeg(file: Uint8Array, maxPixels: number): JpegFile {
  let scans = 0;
  const tables: JpegTables = { quantisation: [], dc: [], ac: [], restartInterval: 0 };
  let frame: UnfinishedFrame | undefined;
  let adobeTransform: number | undefined;
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
    else if (marker === 0xda) {
      if (!frame) throw new Error('a scan comes before its frame');
      if (++scans > MAX_SCANS) throw new Error(`it has more than ${MAX_SCANS} scans`);
      at = readScan(file, at, segment, frame, tables);
    }
  }
  if (!frame) throw new Error('it has no frame');
  return { components: frame.components.map(finished), adobeTransform };
}

const isText = (segment: Uint8Array, text: string): boolean =>
  Buffer.from(segment.subarray(0, text.length)).toString('latin1') === text;
