// Opens and reads regular files only. A named pipe, a socket or a device would block the process or
// never end, so each of them is refused with a sentence that says what it is.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

/** Without O_NONBLOCK, a pipe in place of the file would block until something writes into it. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

const CHUNK_BYTES = 1 << 20;
/** Larger files are never read whole. */
const MAX_WHOLE_BYTES = 2 ** 31 - 1;

/** The code of the error for pipes, sockets and devices. */
export const NOT_REGULAR = 'DR_NOT_REGULAR';

const KINDS: readonly (readonly [(stats: Stats) => boolean, string])[] = [
  [(stats) => stats.isFIFO(), 'a named pipe'],
  [(stats) => stats.isSocket(), 'a socket'],
  [(stats) => stats.isCharacterDevice() || stats.isBlockDevice(), 'a device'],
];

/** Throws an error with the code EISDIR for a folder, NOT_REGULAR for all else but files. */
function checkRegular(stats: Stats): void {
  if (stats.isFile()) return;
  if (stats.isDirectory()) throw failure('EISDIR', 'it is a folder, not a file');
  const kind = KINDS.find(([matches]) => matches(stats))?.[1] ?? 'something else';
  throw failure(NOT_REGULAR, `it is ${kind}, not a file`);
}

const failure = (code: string, message: string): NodeJS.ErrnoException =>
  Object.assign(new Error(message), { code });

/** The error for a file over a limit, with the code EFBIG. */
export interface TooLargeError extends NodeJS.ErrnoException {
  /** In bytes; of a file without end, what was read of it. */
  readonly size: number;
}

const tooLarge = (size: number, maxBytes: number): TooLargeError => {
  const message = `it is ${toMib(size)} MiB large, and at most ${toMib(maxBytes)} MiB are read`;
  return Object.assign(failure('EFBIG', message), { size });
};

const toMib = (bytes: number): number => Math.round(bytes / 1024 / 1024);

/**
 * Opens a regular file and returns its descriptor, to be closed after use. Throws errors of the
 * file system, and those of `checkRegular`.
 */
export function openRegularSync(path: string): number {
  // opening a device may have effects, so it is not even opened
  checkRegular(statSync(path));
  const descriptor = openSync(path, READ);
  try {
    checkRegular(fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Does the same as openRegularSync without blocking. */
export async function openRegular(path: string): Promise<FileHandle> {
  checkRegular(await stat(path));
  const handle = await open(path, READ);
  try {
    checkRegular(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads a regular file of at most `maxBytes`. Throws as openRegularSync does, and an error with the
 * code EFBIG for a larger file.
 */
export function readRegularFileSync(path: string, maxBytes = MAX_WHOLE_BYTES): Buffer {
  const descriptor = openRegularSync(path);
  try {
    const parts = createParts(fstatSync(descriptor).size, maxBytes);
    while (parts.add(readSync(descriptor, parts.next())));
    return parts.all();
  } finally {
    closeSync(descriptor);
  }
}

/** Does the same as readRegularFileSync without blocking. */
export async function readRegularFile(path: string, maxBytes = MAX_WHOLE_BYTES): Promise<Buffer> {
  const handle = await openRegular(path);
  try {
    const parts = createParts((await handle.stat()).size, maxBytes);
    // all arguments: Yarn's Plug'n'Play, which replaces this method, reads nothing without them
    const read = (into: Buffer) => handle.read(into, 0, into.length, null);
    while (parts.add((await read(parts.next())).bytesRead));
    return parts.all();
  } finally {
    await handle.close();
  }
}

/** Collects what is read: `size` bytes, or more from a file that grows or does not say its size. */
function createParts(size: number, maxBytes: number) {
  if (size > maxBytes) throw tooLarge(size, maxBytes);
  let bytes = Buffer.allocUnsafe(size + 1);
  let length = 0;
  return {
    /** Returns where to read to. */
    next: (): Buffer => {
      if (length === bytes.length)
        bytes = Buffer.concat([bytes, Buffer.allocUnsafe(Math.max(CHUNK_BYTES, length))]);
      return bytes.subarray(length);
    },
    /** Counts what was read; returns false at the end. */
    add: (count: number): boolean => {
      length += count;
      if (length > maxBytes) throw tooLarge(length, maxBytes);
      return count > 0;
    },
    all: (): Buffer => bytes.subarray(0, length),
  };
}
