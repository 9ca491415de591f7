// The chunks of PNG files that may be damaged.
import { type Chunk, chunksOf, encodeChunk, isIntact, PNG_SIGNATURE } from '../png.ts';

export type PngChunk = Pick<Chunk, 'type' | 'data'>;

export interface CheckedChunk extends PngChunk {
  /** Whether it is complete and its checksum is right. */
  readonly isValid: boolean;
}

/** The chunks up to IEND; the last may be cut. */
export const checkedChunks = (file: Buffer): CheckedChunk[] =>
  Array.from(chunksOf(file), (chunk) => ({ ...chunk, isValid: isIntact(file, chunk) }));

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA. */
  readonly colour: number;
  readonly isInterlaced: boolean;
}

/** A file whose chunks are read. */
export interface PngParts {
  readonly header: PngHeader;
  /** Chunks before the pixels, and the EXIF block behind them. */
  readonly others: readonly PngChunk[];
  readonly chunks: readonly CheckedChunk[];
  /** Where in `chunks` the pixels begin. */
  readonly start: number;
}

/** The depths of each colour type that Pillow reads. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export const isCritical = (type: string): boolean => /^[A-Z]/.test(type);

/** The header in an IHDR chunk. Throws an `Error` for values that no PNG has. */
export function readPngHeader(chunk: PngChunk | undefined): PngHeader {
  if (!chunk || chunk.data.length < 13) throw new Error('its header is missing');
  const { data } = chunk;
  const [depth, colour] = [data[8], data[9]];
  if (!DEPTHS[colour]?.includes(depth))
    throw new Error(`${depth}-bit samples of colour type ${colour} are not supported`);
  const width = data.readUInt32BE(0);
  const height = data.readUInt32BE(4);
  if (width === 0 || height === 0) throw new Error('it has no pixels');
  return { width, height, depth, colour, isInterlaced: data[12] !== 0 };
}

/** The rows of one pass; an image without interlacing has one pass. */
export interface PngPass {
  readonly rows: number;
  /** Bytes of a row with its filter byte. */
  readonly rowBytes: number;
}

/** Adam7: the first column and row of each pass, and the steps between columns and rows. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The passes that have pixels, in the order of the file. */
export function pngPasses({ width, height, depth, colour, isInterlaced }: PngHeader): PngPass[] {
  const bits = depth * SAMPLES[colour];
  const passes = isInterlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return passes
    .map(([x, y, stepX, stepY]) => ({
      columns: Math.ceil((width - x) / stepX),
      rows: Math.ceil((height - y) / stepY),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0)
    .map(({ columns, rows }) => ({ rows, rowBytes: 1 + Math.ceil((columns * bits) / 8) }));
}

/** A PNG file of a header, other chunks, and compressed rows. */
export function buildPng(
  { width, height, depth, colour, isInterlaced }: PngHeader,
  others: readonly PngChunk[],
  compressed: Buffer,
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, isInterlaced ? 1 : 0], 8);
  return Buffer.concat([
    PNG_SIGNATURE,
    encodeChunk('IHDR', header),
    ...others.map(({ type, data }) => encodeChunk(type, data)),
    encodeChunk('IDAT', compressed),
    encodeChunk('IEND', Buffer.alloc(0)),
  ]);
}
