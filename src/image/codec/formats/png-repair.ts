// Rows of PNG files whose compressed data is cut or corrupt: those before the damage, as Pillow
// reads them with LOAD_TRUNCATED_IMAGES.
import { constants, createInflate, deflateSync } from 'node:zlib';
import { type PngHeader, pngPasses } from './png-chunks.ts';

/** The first bytes that `data` inflates to, in chunks of `size`, up to `limit` or an error. */
function inflateChunks(
  data: Buffer,
  size: number,
  limit: number,
): Promise<{ readonly bytes: Buffer; readonly isCorrupt: boolean }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const inflate = createInflate({ chunkSize: size, finishFlush: constants.Z_SYNC_FLUSH });
    const finish = (isCorrupt: boolean) => {
      inflate.destroy();
      resolve({ bytes: Buffer.concat(chunks).subarray(0, limit), isCorrupt });
    };
    inflate.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= limit) finish(false);
    });
    inflate.on('error', () => finish(true));
    inflate.on('end', () => finish(false));
    inflate.end(data);
  });
}

const LARGE = 2 ** 16;
/** The smallest size of a chunk that zlib accepts. */
const SMALL = 64;

/**
 * All that `data` inflates to before it ends or is corrupt, at most `limit` bytes. zlib drops the
 * chunk in which it finds an error, so the length is found with chunks that end closer and closer
 * to it.
 */
async function inflateUntilError(data: Buffer, limit: number): Promise<Buffer> {
  const { bytes, isCorrupt } = await inflateChunks(data, LARGE, limit);
  if (!isCorrupt) return bytes;
  let whole = bytes;
  for (let step = LARGE / 2; step >= 1; step /= 2) {
    const size = whole.length + step;
    if (size < SMALL || size > limit) continue;
    const longer = await inflateChunks(data, size, size);
    if (longer.bytes.length === size) whole = longer.bytes;
  }
  return whole.length > 0 ? whole : inflateBeginning(data, limit);
}

/** What the longest beginning of `data` that is not corrupt inflates to: less than a chunk. */
async function inflateBeginning(data: Buffer, limit: number): Promise<Buffer> {
  for (let length = Math.min(data.length, 4 * SMALL); length > 0; length--) {
    const { bytes, isCorrupt } = await inflateChunks(data.subarray(0, length), SMALL, limit);
    if (!isCorrupt) return bytes;
  }
  return Buffer.alloc(0);
}

/** Filters of rows are numbered from 0. */
const MAX_FILTER = 4;

/** Bytes of the rows that are whole, up to one with an unknown filter, and their number. */
function wholeRows(rows: Buffer, header: PngHeader): readonly [bytes: number, rows: number] {
  let at = 0;
  let count = 0;
  for (const pass of pngPasses(header))
    for (let row = 0; row < pass.rows; row++, count++) {
      if (at + pass.rowBytes > rows.length || rows[at] > MAX_FILTER) return [at, count];
      at += pass.rowBytes;
    }
  return [at, count];
}

export interface RepairedRows {
  /** Compressed rows of the whole image; those that are missing are zero. */
  readonly compressed: Buffer;
  /** Rows of all passes that are missing. */
  readonly missing: number;
  /** Rows of all passes. */
  readonly rows: number;
}

/** Compresses the rows that `data` has, and zeros for the others. */
export async function repairRows(data: Buffer, header: PngHeader): Promise<RepairedRows> {
  const passes = pngPasses(header);
  const size = passes.reduce((sum, { rows, rowBytes }) => sum + rows * rowBytes, 0);
  const rows = passes.reduce((sum, pass) => sum + pass.rows, 0);
  const inflated = await inflateUntilError(data, size);
  const [length, count] = wholeRows(inflated, header);
  const all = Buffer.alloc(size);
  inflated.copy(all, 0, 0, length);
  return { compressed: deflateSync(all, { level: 0 }), missing: rows - count, rows };
}
