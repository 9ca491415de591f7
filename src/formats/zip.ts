// Reads zip archives (APPNOTE 6.3.9, with zip64) by byte ranges. Only what torch and zip programs
// write for a file on one disk is accepted. Whatever two readers could interpret differently is
// refused: duplicate names, overlapping entries, headers that disagree.
import { basename } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';
import { requestMemory } from '../tensor/allocate.ts';
import type { ByteSource } from './byte-source.ts';
import { CUT_OFF, invalidModel } from './model-file-errors.ts';

export interface ZipEntry {
  readonly name: string;
  /** Whether the entry is not compressed. */
  readonly stored: boolean;
  /** The offset of its bytes in the file. */
  readonly offset: number;
  /** The number of bytes in the archive. */
  readonly packed: number;
  /** The number of bytes after unpacking. */
  readonly size: number;
  readonly crc: number;
}

export type ZipEntries = ReadonlyMap<string, ZipEntry>;

const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY = 2 ** 25;
/** Deflate expands one byte to at most 1032. */
const MAX_RATIO = 1032;
const END = 22;
const COMMENT = 65_535;
const LOCATOR = 20;
const END64 = 56;

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** The entries of an archive by name. Throws DR_MODEL_INVALID. */
export async function readZip(source: ByteSource): Promise<ZipEntries> {
  const directory = await findDirectory(source);
  const found = parseDirectory(
    source.file,
    await source.read(directory.offset, directory.size),
    directory,
  );
  const located = await locateEntries(source, found);
  checkOverlaps(source.file, located, directory.offset);
  const entries = new Map<string, ZipEntry>();
  for (const { entry } of located) {
    if (entries.has(entry.name)) throw invalidModel(source.file, `contains ${entry.name} twice`);
    entries.set(entry.name, entry);
  }
  return entries;
}

/**
 * The unpacked bytes of an entry, checked against its checksum. Throws DR_MODEL_INVALID, also for
 * more than `limit` bytes.
 */
export async function readEntry(
  source: ByteSource,
  entry: ZipEntry,
  limit = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  if (entry.size > limit)
    throw invalidModel(
      source.file,
      `contains ${entry.name} of ${entry.size} bytes, more than ${limit}`,
    );
  const packed = await source.read(entry.offset, entry.packed);
  if (!entry.stored)
    requestMemory(entry.size, `${entry.name} in ${basename(source.file)}`, source.file);
  const bytes = entry.stored ? packed : inflate(source.file, entry, packed);
  if (crc32(bytes) !== entry.crc)
    throw invalidModel(source.file, `is damaged: the checksum of ${entry.name} is wrong`);
  return bytes;
}

function inflate(file: string, { name, size }: ZipEntry, packed: Uint8Array): Uint8Array {
  try {
    const bytes = inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
    if (bytes.length === size) return bytes;
  } catch {
    // refused below, whatever the reason
  }
  throw invalidModel(file, `is damaged: ${name} doesn't unpack to its ${size} bytes`);
}

async function findDirectory(source: ByteSource): Promise<Directory> {
  const { file, size } = source;
  const length = Math.min(size, END + COMMENT);
  const bytes = await source.read(size - length, length);
  const view = new DataView(bytes.buffer);
  let at = length - END;
  while (
    at >= 0 &&
    !(
      view.getUint32(at, true) === 0x06054b50 && view.getUint16(at + 20, true) === length - at - END
    )
  )
    at--;
  if (at < 0) throw invalidModel(file, 'is an archive without its end', CUT_OFF);
  const end = size - length + at;
  const [disk, directoryDisk, here] = [4, 6, 8].map((field) => view.getUint16(at + field, true));
  const short = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const long = await findDirectory64(source, end);
  if (!long && (disk !== 0 || directoryDisk !== 0 || here !== short.count))
    throw invalidModel(file, 'is one part of a multi-part archive');
  const agrees = (a: number, b: number, full: number): boolean => a === b || a === full;
  if (
    long &&
    !(
      agrees(short.count, long.count, 0xffff) &&
      agrees(short.size, long.size, 2 ** 32 - 1) &&
      agrees(short.offset, long.offset, 2 ** 32 - 1)
    )
  )
    throw invalidModel(file, 'is an archive with two tables of contents that disagree');
  const found = long ?? short;
  const limit = long ? end - LOCATOR - END64 : end;
  if (found.offset + found.size !== limit)
    throw invalidModel(
      file,
      'is an archive whose table of contents is not where it should be',
      CUT_OFF,
    );
  if (found.count > MAX_ENTRIES || found.size > MAX_DIRECTORY)
    throw invalidModel(file, `is an archive of ${found.count} entries, more than any model has`);
  return found;
}

async function findDirectory64(source: ByteSource, end: number): Promise<Directory | undefined> {
  if (end < LOCATOR + END64) return undefined;
  const view = new DataView((await source.read(end - LOCATOR - END64, LOCATOR + END64)).buffer);
  if (view.getUint32(END64, true) !== 0x07064b50) return undefined;
  const number = (at: number): number => Number(view.getBigUint64(at, true));
  const count = number(32);
  const isDamaged =
    view.getUint32(0, true) !== 0x06064b50 ||
    number(4) !== END64 - 12 ||
    number(END64 + 8) !== end - LOCATOR - END64 ||
    view.getUint32(16, true) !== 0 ||
    view.getUint32(20, true) !== 0 ||
    number(24) !== count;
  if (isDamaged)
    throw invalidModel(source.file, 'is an archive whose table of contents is damaged');
  return { count, size: number(40), offset: number(48) };
}

interface Listed {
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** The offset of its own header. */
  readonly header: number;
}

const ENCRYPTED = 0x2041;

function parseDirectory(file: string, bytes: Uint8Array, { count }: Directory): Listed[] {
  const view = new DataView(bytes.buffer);
  const listed: Listed[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50)
      throw invalidModel(file, 'is an archive whose table of contents is damaged');
    const [nameLength, extraLength, commentLength, disk] = [28, 30, 32, 34].map((field) =>
      view.getUint16(at + field, true),
    );
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > bytes.length)
      throw invalidModel(file, 'is an archive whose table of contents is damaged');
    const rawName = bytes.subarray(at + 46, at + 46 + nameLength);
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const short = [
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    ];
    const [size, packed, header] = longFields(file, short, extra);
    if (disk !== 0 && disk !== 0xffff)
      throw invalidModel(file, 'is one part of a multi-part archive');
    const name = checkName(file, rawName);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const entry = {
      name,
      rawName,
      method,
      flags,
      crc: view.getUint32(at + 16, true),
      packed,
      size,
      header,
    };
    checkEntry(file, entry);
    listed.push(entry);
    at = end;
  }
  if (at !== bytes.length)
    throw invalidModel(file, 'is an archive whose table of contents is damaged');
  return listed;
}

/**
 * Replaces sizes and offsets beyond 32 bits by those in the zip64 extra field, where they are in
 * order.
 */
function longFields(file: string, short: readonly number[], extra: Uint8Array): number[] {
  const full = 2 ** 32 - 1;
  if (!short.includes(full)) return [...short];
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    const end = Math.min(extra.length, next + view.getUint16(at + 2, true));
    return short.map((value) => {
      if (value !== full) return value;
      if (next + 8 > end)
        throw invalidModel(file, 'is an archive whose table of contents is damaged');
      next += 8;
      return Number(view.getBigUint64(next - 8, true));
    });
  }
  return [...short];
}

function checkName(file: string, raw: Uint8Array): string {
  const name = new TextDecoder('utf-8').decode(raw);
  const steps = name.split('/');
  if (name === '' || /[\\\0]/.test(name) || /^([a-z]:|\/)/i.test(name) || steps.includes('..'))
    throw invalidModel(
      file,
      `is an archive with an entry outside of its folder: ${JSON.stringify(name.slice(0, 100))}`,
    );
  return name;
}

function checkEntry(file: string, { name, method, flags, packed, size }: Listed): void {
  if ((flags & ENCRYPTED) !== 0)
    throw invalidModel(file, 'is an archive with a password', 'Unpack it first.');
  if (method !== 0 && method !== 8)
    throw invalidModel(
      file,
      `contains ${name}, compressed in a way that is not supported (${method})`,
      'Unpack the archive, and pack it without compression.',
    );
  if (method === 0 && size !== packed)
    throw invalidModel(file, `is damaged: ${name} has two sizes`);
  if (size > packed * MAX_RATIO)
    throw invalidModel(
      file,
      `is a zip bomb: ${name} is said to unpack from ${packed} to ${size} bytes`,
    );
}

interface LocatedEntry {
  readonly entry: ZipEntry;
  readonly header: number;
}

const READS_AT_ONCE = 64;

async function locateEntries(
  source: ByteSource,
  listed: readonly Listed[],
): Promise<LocatedEntry[]> {
  const located: LocatedEntry[] = [];
  for (let i = 0; i < listed.length; i += READS_AT_ONCE) {
    const batch = listed.slice(i, i + READS_AT_ONCE);
    located.push(...(await Promise.all(batch.map((entry) => locateEntry(source, entry)))));
  }
  return located;
}

/** Reads the entry's own header, which must agree with the table of contents. */
async function locateEntry(
  source: ByteSource,
  { name, rawName, method, crc, packed, size, header }: Listed,
): Promise<LocatedEntry> {
  const length = 30 + rawName.length;
  if (!Number.isSafeInteger(header) || header + length > source.size)
    throw invalidModel(source.file, `has no ${name}`, CUT_OFF);
  const bytes = await source.read(header, length);
  const view = new DataView(bytes.buffer);
  const same =
    view.getUint32(0, true) === 0x04034b50 &&
    view.getUint16(8, true) === method &&
    Buffer.compare(bytes.subarray(30), rawName) === 0;
  if (!same || view.getUint16(26, true) !== rawName.length)
    throw invalidModel(source.file, `is damaged: ${name} is not where the table of contents says`);
  return {
    header,
    entry: {
      name,
      stored: method === 0,
      offset: header + length + view.getUint16(28, true),
      packed,
      size,
      crc,
    },
  };
}

function checkOverlaps(file: string, located: readonly LocatedEntry[], end: number): void {
  const sorted = [...located].sort((a, b) => a.header - b.header);
  for (const [i, { entry }] of sorted.entries()) {
    const next = sorted[i + 1]?.header ?? end;
    if (entry.offset + entry.packed > next)
      throw invalidModel(file, `is a zip bomb: ${entry.name} overlaps other entries`);
  }
}
