// Reads the texts of an EXIF block (TIFF 6.0 directories, the UserComment of Exif 2.32). From a
// damaged block, the readable texts are returned.
import { stripEnd } from '../strip.ts';

/** The size in bytes of each field type. */
const TYPE_SIZES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
};
const ASCII = 2;
/** The tag of a comment of any encoding, in the directory of Exif. */
export const USER_COMMENT = 0x9286;
/** The tags whose value is the offset of another directory: Exif, GPS, interoperability. */
const DIRECTORIES: ReadonlySet<number> = new Set([0x8769, 0x8825, 0xa005]);
const MAX_DIRECTORIES = 16;

/** A field of a directory whose value is inside the block. */
interface ExifEntry {
  readonly tag: number;
  readonly type: number;
  readonly value: Buffer;
  readonly isLittleEndian: boolean;
}

/**
 * The fields of a block, which begins with `II*` or `MM*`, or `Exif\0\0` before it, in file order.
 */
export function* exifEntries(bytes: Uint8Array): Generator<ExifEntry> {
  let block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (block.toString('latin1', 0, 6) === 'Exif\0\0') block = block.subarray(6);
  const order = block.toString('latin1', 0, 2);
  if (block.length < 8 || (order !== 'II' && order !== 'MM')) return;
  const isLittleEndian = order === 'II';
  const u16 = (at: number): number =>
    isLittleEndian ? block.readUInt16LE(at) : block.readUInt16BE(at);
  const u32 = (at: number): number =>
    isLittleEndian ? block.readUInt32LE(at) : block.readUInt32BE(at);

  const visited = new Set<number>();
  const queue = [u32(4)];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (at < 8 || at + 2 > block.length || visited.has(at) || visited.size >= MAX_DIRECTORIES)
      continue;
    visited.add(at);
    const entries = Math.min(u16(at), Math.floor((block.length - at - 2) / 12));
    for (let i = 0; i < entries; i++) {
      const entry = at + 2 + 12 * i;
      const tag = u16(entry);
      const type = u16(entry + 2);
      const size = u32(entry + 4) * (TYPE_SIZES[type] ?? 0);
      const from = size <= 4 ? entry + 8 : u32(entry + 8);
      if (DIRECTORIES.has(tag)) queue.push(u32(entry + 8));
      if (from + size <= block.length)
        yield { tag, type, value: block.subarray(from, from + size), isLittleEndian };
    }
    const next = at + 2 + 12 * entries;
    if (next + 4 <= block.length) queue.push(u32(next));
  }
}

/** The texts of a block, in file order. */
export function exifTexts(bytes: Uint8Array): string[] {
  const texts: string[] = [];
  // texts that share their bytes are not those of a camera or a program
  let remaining = bytes.length;
  for (const { tag, type, value, isLittleEndian } of exifEntries(bytes)) {
    const isText = type === ASCII || tag === USER_COMMENT;
    if (!isText || value.length > remaining) continue;
    remaining -= value.length;
    texts.push(
      tag === USER_COMMENT
        ? userComment(value, isLittleEndian)
        : stripEnd(value.toString('utf8'), '\0'),
    );
  }
  return texts;
}

/**
 * Decodes a UserComment, whose first eight bytes name the encoding. UTF-16 has the byte order of
 * the block unless its zero bytes suggest the other.
 */
function userComment(value: Buffer, little: boolean): string {
  const encoding = stripEnd(value.toString('latin1', 0, 8), '\0');
  const text = value.subarray(8);
  if (encoding !== 'UNICODE')
    return stripEnd(
      (encoding === 'ASCII' || encoding === '' ? text : value).toString('utf8'),
      '\0',
    );
  const even = text.subarray(0, text.length & ~1);
  let zerosFirst = 0;
  let zerosSecond = 0;
  for (let i = 0; i + 1 < even.length; i += 2) {
    if (even[i] === 0) zerosFirst++;
    if (even[i + 1] === 0) zerosSecond++;
  }
  const isLittle = zerosFirst === zerosSecond ? little : zerosSecond > zerosFirst;
  return stripEnd((isLittle ? even : Buffer.from(even).swap16()).toString('utf16le'), '\0');
}
