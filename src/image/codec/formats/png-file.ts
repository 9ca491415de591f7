// PNG files, animations and damaged ones included, as Pillow reads them.
import type { DecodedFrames, ImageFileFormat, OpenedImage } from '../frames.ts';
import { missingRows, upright } from '../frames.ts';
import { isPng } from '../png.ts';
import { openAnimation } from './apng.ts';
import {
  type CheckedChunk,
  checkedChunks,
  isCritical,
  type PngParts,
  readPngHeader,
} from './png-chunks.ts';
import { decodePng, decodePngRows, hasAlphaChannel, type PngImage } from './png-image.ts';

/** The chunks beside header and pixels that change what is decoded. */
const USED: ReadonlySet<string> = new Set(['PLTE', 'tRNS', 'eXIf']);

/** Throws an `Error` for what Pillow refuses: a critical chunk whose checksum is wrong. */
function readParts(file: Buffer): PngParts {
  const chunks = checkedChunks(file);
  const start = chunks.findIndex(({ type }) => type === 'IDAT' || type === 'fdAT');
  if (start < 0) throw new Error('it ends before its pixels');
  const before = chunks.slice(0, start);
  const wrong = before.find(({ type, isValid }) => isCritical(type) && !isValid);
  if (wrong) throw new Error(`the checksum of its ${wrong.type} chunk is wrong`);
  const header = readPngHeader(before.find(({ type }) => type === 'IHDR'));
  const exif = chunks.slice(start).filter(({ type }) => type === 'eXIf');
  const others = [...before, ...exif.slice(-1)].filter(({ type }) => USED.has(type));
  return { header, others, chunks, start };
}

/** What is wrong with the chunks; undefined for a whole file. */
function chunkProblem(chunks: readonly CheckedChunk[]): string | undefined {
  const last = chunks[chunks.length - 1];
  if (last.type !== 'IEND') return 'its end is missing';
  const wrong = chunks.find(({ isValid, type }) => !isValid && type !== 'IEND');
  return wrong && `the checksum of its ${wrong.type} chunk is wrong`;
}

/** The compressed rows: the IDAT chunks that follow each other. */
function compressedRows({ chunks, start }: PngParts): Buffer {
  const end = chunks.findIndex(({ type }, i) => i >= start && type !== 'IDAT');
  const parts = chunks.slice(start, end < 0 ? undefined : end);
  return Buffer.concat(parts.map(({ data }) => data));
}

const rowProblem = ({ repaired }: PngImage): string | undefined =>
  repaired && missingRows(repaired.missing, repaired.rows);

const dataProblem = ({ repaired }: PngImage): string | undefined =>
  repaired && 'its data is corrupt behind the last row';

async function readStill(file: Buffer, parts: PngParts): Promise<DecodedFrames> {
  const { header, others, chunks } = parts;
  const problem = chunkProblem(chunks);
  const image = await (problem === undefined
    ? decodePng(file).catch(() => decodePngRows(header, others, compressedRows(parts)))
    : decodePngRows(header, others, compressedRows(parts)));
  return {
    frames: [upright(image.frame, image.orientation)],
    hasAlpha: hasAlphaChannel(header, image.frame),
    problem: rowProblem(image) ?? problem ?? dataProblem(image),
  };
}

export const PNG: ImageFileFormat = {
  accepts: isPng,
  open(file): OpenedImage {
    const parts = readParts(file);
    const { width, height } = parts.header;
    return openAnimation(parts) ?? { width, height, pages: 1, read: () => readStill(file, parts) };
  },
};
