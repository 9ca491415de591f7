// Writes outputs to a folder under ComfyUI's names (`prefix_00001_.png`, get_save_image_path). Each
// file is written whole or not at all, and no file is ever overwritten.
import { accessSync, constants, mkdirSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { writeAtomic, writeAtomicParts } from './atomic-write.ts';
import { linkNew } from './file-names.ts';
import { pathInside } from './folder-paths.ts';

export interface OutputRequest {
  /** The folder of the outputs, absolute. */
  readonly root: string;
  /**
   * The file name before the counter. May contain a subfolder and %width%, %height%, %year%,
   * %month%, %day%, %hour%, %minute%, %second%.
   */
  readonly prefix: string;
  /** Without a dot. */
  readonly extension: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly files: readonly Uint8Array[];
  readonly now: Date;
}

export interface WrittenFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly path: string;
}

/** A request to write one file whose bytes are produced part by part. */
export type LargeOutputRequest = Omit<OutputRequest, 'files'> & {
  readonly parts: AsyncIterable<Uint8Array>;
};

/**
 * Writes the files with consecutive counters. `onFolder` is called with the folder before anything
 * is written. Throws DR_OUTPUT_UNWRITABLE.
 */
export function writeOutputs(
  request: OutputRequest,
  onFolder?: (folder: string) => void,
): WrittenFile[] {
  const { folder, subfolder, name } = outputTarget(request);
  try {
    mkdirSync(folder, { recursive: true });
    onFolder?.(folder);
    let counter = nextCounter(readdirSync(folder), name);
    const written = request.files.map((bytes, i): WrittenFile => {
      const nextName = () => outputName(name, request.extension, counter++, i);
      let filename = nextName();
      writeAtomic(folder, filename, bytes, (temporary) => {
        while (!linkNew(temporary, join(folder, filename))) filename = nextName();
      });
      return { filename, subfolder, path: join(folder, filename) };
    });
    return written;
  } catch (error) {
    throw unwritableError(folder, error as NodeJS.ErrnoException);
  }
}

/**
 * Writes one large file under the next counter. Throws DR_OUTPUT_UNWRITABLE, and what `parts`
 * throws.
 */
export async function writeLargeOutput(
  request: LargeOutputRequest,
  onFolder?: (folder: string) => void,
): Promise<WrittenFile> {
  const { folder, subfolder, name } = outputTarget(request);
  try {
    mkdirSync(folder, { recursive: true });
    onFolder?.(folder);
    let counter = nextCounter(readdirSync(folder), name);
    const nextName = () => outputName(name, request.extension, counter++);
    let filename = nextName();
    await writeAtomicParts(folder, filename, request.parts, (temporary) => {
      while (!linkNew(temporary, join(folder, filename))) filename = nextName();
    });
    return { filename, subfolder, path: join(folder, filename) };
  } catch (error) {
    throw error instanceof DarkroomError
      ? error
      : unwritableError(folder, error as NodeJS.ErrnoException);
  }
}

/** Returns `name_00001_.png`; ComfyUI's %batch_num% becomes the position in the batch. */
export const outputName = (
  name: string,
  extension: string,
  counter: number,
  batch?: number,
): string => {
  const stem = batch === undefined ? name : name.replaceAll('%batch_num%', String(batch));
  return `${stem}_${String(counter).padStart(5, '0')}_.${extension}`;
};

/**
 * Returns the folder, the subfolder and the beginning of the file name that a prefix stands for.
 * Throws DR_OUTPUT_UNWRITABLE for a prefix that leads outside of the output folder.
 */
export function outputTarget(request: Omit<OutputRequest, 'files'>): {
  readonly folder: string;
  readonly subfolder: string;
  readonly name: string;
} {
  const prefix = expandPrefix(request.prefix, request.size, request.now);
  const normal = posix.normalize(prefix.replaceAll('\\', '/'));
  const subfolder = posix.dirname(normal) === '.' ? '' : posix.dirname(normal);
  const name = posix.basename(normal);
  const folder = subfolder === '' ? request.root : pathInside(request.root, subfolder);
  if (folder && name !== '..' && name !== '.' && !posix.isAbsolute(normal) && !name.includes('\0'))
    return { folder, subfolder, name };
  throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
    message: `'${request.prefix}' would save outside the output folder ${request.root}`,
    hint:
      'Use a file name prefix without ".." that does not begin with "/"; name the folder itself ' +
      'with --output.',
    file: request.prefix,
  });
}

/** Creates a folder if needed. Throws DR_OUTPUT_UNWRITABLE when it cannot be written to. */
export function checkWritable(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw unwritableError(folder, error as NodeJS.ErrnoException);
  }
}

/** Returns one more than the highest counter of `prefix_NNNNN_…` among the names; at least 1. */
export function nextCounter(names: readonly string[], prefix: string): number {
  let highest = 0;
  for (const name of names) {
    if (!name.startsWith(`${prefix}_`)) continue;
    const digits = name.slice(prefix.length + 1).split('_')[0];
    if (/^\s*[+-]?\d+\s*$/.test(digits)) highest = Math.max(highest, Number(digits));
  }
  return highest + 1;
}

/** Replaces %width%, %year% and so on by their values. */
function expandPrefix(prefix: string, size: { width: number; height: number }, now: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const values: readonly (readonly [string, string])[] = [
    ['%width%', String(size.width)],
    ['%height%', String(size.height)],
    ['%year%', String(now.getFullYear())],
    ['%month%', two(now.getMonth() + 1)],
    ['%day%', two(now.getDate())],
    ['%hour%', two(now.getHours())],
    ['%minute%', two(now.getMinutes())],
    ['%second%', two(now.getSeconds())],
  ];
  return values.reduce((text, [name, value]) => text.replaceAll(name, value), prefix);
}

const HINTS: Readonly<Record<string, string>> = {
  EEXIST: 'A file has the name of the folder; name another folder with --output.',
  ENOTDIR: 'A file has the name of the folder; name another folder with --output.',
  EACCES: 'Allow writing there, or name another folder with --output.',
  EPERM: 'Allow writing there, or name another folder with --output.',
  EROFS: 'The disk is read-only; name another folder with --output.',
  ENOSPC: 'The disk is full; free space, or name another folder with --output.',
  EDQUOT: 'Your disk quota is used up; free space, or name another folder with --output.',
  ENAMETOOLONG: 'Use a shorter file name prefix.',
};

/** Returns DR_OUTPUT_UNWRITABLE for an error of the file system. */
export const unwritableError = (folder: string, error: NodeJS.ErrnoException): DarkroomError =>
  new DarkroomError('DR_OUTPUT_UNWRITABLE', {
    message: `nothing can be saved in ${folder}: ${error.message}`,
    hint: HINTS[error.code ?? ''] ?? 'Name another folder with --output.',
    file: folder,
    cause: error,
  });
