// In which of FFmpeg's pixel formats its decoder hands over the pixels of a file.
import type { Frame } from '../frames.ts';
import { imageFormat } from '../image-text.ts';
import { isPng } from '../png.ts';

/**
 * - `rgb`, `rgba`, `palette`: 8-bit levels (rgb24, rgba, pal8); a palette always has alpha
 * - `grey`, `grey-alpha`: 8 bits (gray, ya8); `bilevel`: 1 bit (monob, monow)
 * - `grey16`: 16 bits (gray16)
 * - `bgr`, `bgra`: 8 bits in an order that LoadImage does not list (bgr24; bgra, argb)
 * - `planes`, `planes-alpha`: the same in planes (gbrp, gbrap)
 * - `lossy`: planes that Darkroom's decoder does not return (yuv420p, yuva420p)
 */
export type StoredFormat =
  | 'rgb'
  | 'rgba'
  | 'palette'
  | 'grey'
  | 'grey-alpha'
  | 'grey16'
  | 'bilevel'
  | 'bgr'
  | 'bgra'
  | 'planes'
  | 'planes-alpha'
  | 'lossy';

/** The format of a file that was decoded to `frame`; undefined where it is not known. */
export function storedFormat(file: Buffer, frame: Frame): StoredFormat | undefined {
  const format = KINDS.find(({ accepts }) => accepts(file));
  return format?.stored(file, frame);
}

interface Kind {
  readonly accepts: (file: Buffer) => boolean;
  readonly stored: (file: Buffer, frame: Frame) => StoredFormat | undefined;
}

const KINDS: readonly Kind[] = [
  { accepts: isPng, stored: storedInPng },
  { accepts: (file) => imageFormat(file) === 'GIF', stored: () => 'bgra' },
  { accepts: (file) => imageFormat(file) === 'WebP', stored: storedInWebp },
  { accepts: (file) => file.toString('latin1', 0, 2) === 'BM', stored: storedInBmp },
  { accepts: (file) => /^P[1-6]\s/.test(file.toString('latin1', 0, 3)), stored: storedInPnm },
];

/** Grey, RGB, palette, grey with alpha, RGBA. */
const PNG_COLOURS: Readonly<Record<number, StoredFormat>> = {
  0: 'grey',
  2: 'rgb',
  3: 'palette',
  4: 'grey-alpha',
  6: 'rgba',
};

function storedInPng(file: Buffer): StoredFormat | undefined {
  const [bits, colour] = [file[24], file[25]];
  const isTransparent = file.subarray(0, file.indexOf('IDAT')).includes('tRNS');
  if (bits === 16) return colour === 0 && !isTransparent ? 'grey16' : undefined;
  if (colour === 0 && bits === 1) return 'bilevel';
  if (isTransparent && colour === 0) return 'grey-alpha';
  return isTransparent && colour === 2 ? 'rgba' : PNG_COLOURS[colour];
}

/** FFmpeg reads no animated WebP: Pillow does then. */
function storedInWebp(file: Buffer): StoredFormat | undefined {
  if (file.includes('ANMF')) return undefined;
  return file.includes('VP8L') ? 'bgra' : 'lossy';
}

function storedInBmp(file: Buffer, { channels }: Frame): StoredFormat | undefined {
  const bits = file.length > 30 ? file.readUInt16LE(28) : 0;
  if (bits <= 8) return 'palette';
  if (bits === 24) return 'bgr';
  return bits === 32 && channels === 4 ? 'bgra' : undefined;
}

function storedInPnm(file: Buffer): StoredFormat | undefined {
  const kind = file[1] - 0x30;
  if (kind === 1 || kind === 4) return 'bilevel';
  // levels of more than 8 bits, and files of few levels, are scaled
  if (!/^P\d\s+(#[^\n]*\n\s*)*\d+\s+\d+\s+255\s/.test(file.toString('latin1', 0, 200)))
    return undefined;
  return kind === 2 || kind === 5 ? 'grey' : 'rgb';
}
