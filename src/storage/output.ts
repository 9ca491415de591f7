// Writes outputs to a folder under ComfyUI's names (`prefix_00001_.png`, get_save_image_path). Each
// file is written whole or not at all, and no file is ever overwritten.
import { accessSync, constants, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { withSlashes } from '../slashes.ts';
import { noFreeName, unwritableError } from '../write-errors.ts';
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
  /** The counter ends the name: `prefix_00001.png`, not `prefix_00001_.png`. */
  readonly bareCounter?: boolean;
  readonly size: { readonly width: number; readonly height: number };
  readonly files: readonly Uint8Array[];
  readonly now: Date;
  /**
   * Whether the counter in a name ends at a dot too, as from ComfyUI 0.21.0 on: `a_00007.png` then
   * counts as 7, otherwise as none.
   */
  readonly counterEndsAtDot?: boolean;
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
    makeFolder(folder);
    onFolder?.(folder);
    let counter = nextCounter(readdirSync(folder), name, endsAtDot(request));
    return request.files.map((bytes, i): WrittenFile => {
      const nameOf = (count: bigint) => outputName(name, request, count, i);
      const filename = writeAtomic(folder, nameOf(counter), bytes, (temporary) => {
        const used = linkFree(temporary, folder, nameOf, counter);
        counter = used + 1n;
        return nameOf(used);
      });
      return { filename, subfolder, path: join(folder, filename) };
    });
  } catch (error) {
    throw error instanceof DarkroomError
      ? error
      : unwritableError(folder, error as NodeJS.ErrnoException);
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
    makeFolder(folder);
    onFolder?.(folder);
    const counter = nextCounter(readdirSync(folder), name, endsAtDot(request));
    const nameOf = (count: bigint) => outputName(name, request, count);
    const filename = await writeAtomicParts(folder, nameOf(counter), request.parts, (temporary) =>
      nameOf(linkFree(temporary, folder, nameOf, counter)),
    );
    return { filename, subfolder, path: join(folder, filename) };
  } catch (error) {
    throw error instanceof DarkroomError
      ? error
      : unwritableError(folder, error as NodeJS.ErrnoException);
  }
}

/** Names without an underscore behind the counter are counted where they are written. */
export const endsAtDot = (
  request: Pick<OutputRequest, 'counterEndsAtDot' | 'bareCounter'>,
): boolean => request.counterEndsAtDot === true || request.bareCounter === true;

/** Returns `name_00001_.png`; ComfyUI's %batch_num% becomes the position in the batch. */
export const outputName = (
  name: string,
  { extension, bareCounter }: Pick<OutputRequest, 'extension' | 'bareCounter'>,
  counter: bigint,
  batch?: number,
): string => {
  const stem = batch === undefined ? name : name.replaceAll('%batch_num%', String(batch));
  const end = bareCounter ? '' : '_';
  return `${stem}_${String(counter).padStart(5, '0')}${end}.${extension}`;
};

/**
 * Returns the folder, the subfolder and the beginning of the file name that a prefix stands for; an
 * empty prefix stands for `.`, as in ComfyUI.
 * Throws DR_OUTPUT_UNWRITABLE for a prefix that leads outside of the output folder.
 */
export function outputTarget(request: Omit<OutputRequest, 'files'>): {
  readonly folder: string;
  readonly subfolder: string;
  readonly name: string;
} {
  const prefix = expandPrefix(request.prefix, request.size, request.now);
  const normal = posix.normalize(withSlashes(prefix));
  const subfolder = posix.dirname(normal) === '.' ? '' : posix.dirname(normal);
  const name = posix.basename(normal);
  const folder = subfolder === '' ? request.root : pathInside(request.root, subfolder);
  if (folder && name !== '..' && !posix.isAbsolute(normal) && !name.includes('\0'))
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
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw unwritableError(folder, error as NodeJS.ErrnoException);
  }
}

/**
 * Counters of more digits are ignored. ComfyUI's have no limit, but their names would soon be too
 * long for a file system.
 */
const MAX_COUNTER_DIGITS = 64;
const COUNTER = new RegExp(`^\\s*[+-]?\\d{1,${MAX_COUNTER_DIGITS}}\\s*$`);

/**
 * Returns one more than the highest counter of `prefix_NNNNN_…` among the names; at least 1. A file
 * may have any number in its name, so counters are integers of any size, as in Python.
 */
export function nextCounter(
  names: readonly string[],
  prefix: string,
  counterEndsAtDot = false,
): bigint {
  const end = counterEndsAtDot ? /[_.]/ : '_';
  let highest = 0n;
  for (const name of names) {
    if (!name.startsWith(`${prefix}_`)) continue;
    const digits = name.slice(prefix.length + 1).split(end, 1)[0];
    const counter = COUNTER.test(digits) ? BigInt(digits.trim().replace('+', '')) : 0n;
    if (counter > highest) highest = counter;
  }
  return highest + 1n;
}

/** How many names in use are passed over before a search for a free one is given up. */
const MAX_TAKEN_NAMES = 1_000_000n;

/**
 * Gives a file in `folder` the first name from `first` on that is free, and returns its counter.
 * Throws DR_OUTPUT_UNWRITABLE.
 */
function linkFree(
  temporary: string,
  folder: string,
  nameOf: (counter: bigint) => string,
  first: bigint,
): bigint {
  for (let counter = first; counter < first + MAX_TAKEN_NAMES; counter++)
    if (linkNew(temporary, join(folder, nameOf(counter)))) return counter;
  throw noFreeName(folder, nameOf(first));
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
