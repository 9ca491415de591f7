// Portable bitmaps, greymaps and pixmaps (PBM, PGM, PPM, PFM), as Pillow's PpmImagePlugin reads
// them: plain and binary, up to 16 bits, and grey floats.
import { roundHalfEven } from '../../../tensor/round-half-even.ts';
import type { DecodedFrames, Frame, ImageFileFormat, OpenedImage } from '../frames.ts';
import { cmykToRgb, greyFrame, missingRows } from '../frames.ts';
import { readPlainBits, readPlainValues } from './pnm-plain.ts';
import { bilevel, LAYOUTS, type PixelLayout, unpackRows } from './raw-rows.ts';

interface Kind {
  /** Values of one pixel. */
  readonly bands: 1 | 3 | 4;
  readonly content: 'plain' | 'binary' | 'float';
  /** Whether a pixel is one bit. */
  readonly isBilevel?: boolean;
}

const KINDS: Readonly<Record<string, Kind>> = {
  P1: { bands: 1, content: 'plain', isBilevel: true },
  P2: { bands: 1, content: 'plain' },
  P3: { bands: 3, content: 'plain' },
  P4: { bands: 1, content: 'binary', isBilevel: true },
  P5: { bands: 1, content: 'binary' },
  P6: { bands: 3, content: 'binary' },
  P0CMYK: { bands: 4, content: 'binary' },
  Pf: { bands: 1, content: 'float' },
};

interface Header {
  readonly kind: Kind;
  readonly width: number;
  readonly height: number;
  /** The value of white; the scale of floats, negative for little-endian. */
  readonly max: number;
  /** Byte where the pixels begin. */
  readonly offset: number;
}

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const MAX_TOKEN = 10;

/** The token at byte `start`, after white space and comments, and the byte behind it. */
function readToken(file: Buffer, start: number): readonly [token: string, end: number] {
  let token = '';
  let at = start;
  for (; token.length <= MAX_TOKEN && at < file.length; at++) {
    if (file[at] === 0x23) while (at < file.length && file[at] !== 0x0a && file[at] !== 0x0d) at++;
    else if (!isSpace(file[at])) token += String.fromCharCode(file[at]);
    else if (token !== '') return [token, at + 1];
  }
  if (token === '' || token.length > MAX_TOKEN) throw new Error('its header is not complete');
  return [token, at];
}

function readHeader(file: Buffer): Header {
  const magic = /^P[^\s]{1,5}/.exec(file.toString('latin1', 0, 6))?.[0] ?? '';
  const kind = KINDS[magic];
  if (!kind) throw new Error(`portable images of type ${magic.slice(0, 2)} are not supported`);
  let offset = magic.length === 6 ? 6 : magic.length + 1;
  const next = (pattern: RegExp, what: string): number => {
    const [token, end] = readToken(file, offset);
    offset = end;
    if (!pattern.test(token)) throw new Error(`its ${what} is ${token}`);
    return Number(token);
  };
  const width = next(/^\d+$/, 'width');
  const height = next(/^\d+$/, 'height');
  if (width === 0 || height === 0) throw new Error('it has no pixels');
  const max = kind.isBilevel
    ? 1
    : kind.content === 'float'
      ? next(/^[-+.\de]+$/i, 'scale')
      : next(/^\d+$/, 'largest value');
  if (!Number.isFinite(max) || max === 0 || (kind.content !== 'float' && max > 65535))
    throw new Error(`its largest value is ${max}`);
  return { kind, width, height, max, offset };
}

/** Pillow's conversion of 16-bit grey in 32 bits, after LoadImage's division by 255. */
const level16 = (value: number): number => Math.min(Math.trunc(value * (1 / 255)), 255);

/** Scaled values of all bands as a frame; those of 16-bit grey are 0..65535. */
function frameOf(values: ArrayLike<number>, { kind, width, height, max }: Header): Frame {
  const { bands } = kind;
  if (bands === 1 && max > 255) return greyFrame(width, height, Uint8Array.from(values, level16));
  if (bands === 1) return greyFrame(width, height, values);
  const bytes = Uint8Array.from(values);
  return { width, height, channels: 3, bytes: bands === 4 ? cmykToRgb(bytes) : bytes };
}

/** Values of one or two bytes, scaled to 255, or to 65535 for 16-bit grey. */
function scaledValues(file: Buffer, header: Header): Uint16Array {
  const { kind, width, height, max, offset } = header;
  const size = max < 256 ? 1 : 2;
  const count = width * height * kind.bands;
  if (file.length < offset + count * size) throw new Error('its end is missing');
  const values = new Uint16Array(count);
  for (let i = 0; i < count; i++)
    values[i] = scaled(size === 1 ? file[offset + i] : file.readUInt16BE(offset + 2 * i), header);
  return values;
}

/** Pillow's scaling of a value to 255, or to 65535 for 16-bit grey. */
function scaled(value: number, { kind, max }: Header): number {
  const white = kind.bands === 1 && max > 255 ? 65535 : 255;
  return Math.min(roundHalfEven((value / max) * white), white);
}

function plainValues(file: Buffer, header: Header): Uint16Array {
  const { kind, width, height, max, offset } = header;
  const data = file.subarray(offset);
  const count = width * height * kind.bands;
  return kind.isBilevel
    ? readPlainBits(data, count)
    : readPlainValues(data, count, max).map((value) => scaled(value, header));
}

const GREY16: PixelLayout = {
  bits: 16,
  channels: 3,
  unpack: (file, row, index, to, at) =>
    to.fill(level16((file[row + 2 * index] << 8) | file[row + 2 * index + 1]), at, at + 3),
};

/** Floats are levels 0..255. */
const floatLayout = (isLittleEndian: boolean): PixelLayout => ({
  bits: 32,
  channels: 3,
  unpack(file, row, index, to, at) {
    const view = new DataView(file.buffer, file.byteOffset + row + 4 * index, 4);
    const value = view.getFloat32(0, isLittleEndian);
    to.fill(Math.min(Math.max(value, 0), 255), at, at + 3);
  },
});

/** The layout of pixels that need no scaling. */
function layoutOf({ kind, max }: Header): PixelLayout | undefined {
  if (kind.content === 'float') return floatLayout(max < 0);
  if (kind.content === 'plain') return undefined;
  if (kind.isBilevel) return bilevel(true);
  if (kind.bands === 1 && max === 65535) return GREY16;
  if (kind.bands === 4 || max !== 255) return undefined;
  return kind.bands === 1 ? LAYOUTS.L : LAYOUTS.RGB;
}

function readPixels(file: Buffer, header: Header): DecodedFrames {
  const { kind, width, height, offset } = header;
  const layout = layoutOf(header);
  if (!layout) {
    const read = kind.content === 'plain' ? plainValues : scaledValues;
    return { frames: [frameOf(read(file, header), header)], hasAlpha: false };
  }
  const stride = Math.ceil((width * layout.bits) / 8);
  const rows = { width, height, layout, stride, bottomUp: kind.content === 'float' };
  const { bytes, missing } = unpackRows(file.subarray(offset), rows);
  const frame = { width, height, channels: 3, bytes };
  return { frames: [frame], hasAlpha: false, problem: missingRows(missing, height) };
}

export const PNM: ImageFileFormat = {
  accepts: (file) => /^P[0-7fF]/.test(file.toString('latin1', 0, 2)),
  open(file): OpenedImage {
    const header = readHeader(file);
    const { width, height } = header;
    return { width, height, pages: 1, read: () => readPixels(file, header) };
  },
};
