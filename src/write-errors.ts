// Errors of writing: what the file system said, how much space there is, and what to do about it.
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DarkroomError } from './errors.ts';
import { formatSize } from './format-size.ts';

/** `option` is the command line's option that names the folder. */
const HINTS: Readonly<Record<string, (folder: string, option: string) => string>> = {
  EEXIST: (_, option) => `A file has the name of the folder; name another folder with ${option}.`,
  ENOTDIR: (_, option) => `A file has the name of the folder; name another folder with ${option}.`,
  EACCES: (_, option) => `Allow writing there, or name another folder with ${option}.`,
  EPERM: (_, option) => `Allow writing there, or name another folder with ${option}.`,
  EROFS: (_, option) => `The disk is read-only; name another folder with ${option}.`,
  ENOSPC: (folder, option) =>
    `The disk is full${freeSpace(folder)}; free space, or name another folder with ${option}.`,
  EDQUOT: (folder, option) =>
    `Your disk quota is used up${freeSpace(folder)}; free space, or name another folder with ` +
    `${option}.`,
  EFBIG: (_, option) => `The file is too large for this disk; name another folder with ${option}.`,
  EIO: (_, option) => `The disk has an error; check it, or name another folder with ${option}.`,
  EMFILE: () => 'Too many files are open; try again, or raise the limit (ulimit -n).',
  ENFILE: () => 'Too many files are open on this machine; try again.',
  ENAMETOOLONG: () => 'Use a shorter file name prefix.',
};

/** Errors that say that the name of a file cannot be used, not that nothing can be written. */
const NAME_ERRORS: ReadonlySet<string | undefined> = new Set([
  'EEXIST',
  'EILSEQ',
  'EINVAL',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'ENOTEMPTY',
  'ERR_INVALID_ARG_VALUE',
]);

/**
 * Whether writing failed because of the file's name: a file in place of a folder or a folder in
 * place of a file, or a name that the file system does not accept.
 */
export const isNameError = (error: unknown): boolean =>
  NAME_ERRORS.has((error as NodeJS.ErrnoException).code);

/**
 * Returns what to do about an error of the file system that arose while a file was written into
 * `folder`; `otherwise` for errors whose cause is not known. `option`: what names another folder.
 */
export const writeHint = (
  folder: string,
  error: unknown,
  option: string,
  otherwise = `Name another folder with ${option}.`,
): string => HINTS[(error as NodeJS.ErrnoException).code ?? '']?.(folder, option) ?? otherwise;

/**
 * Returns DR_OUTPUT_UNWRITABLE for an error of the file system. `option`: the option that names the
 * folder.
 */
export const unwritableError = (
  folder: string,
  error: NodeJS.ErrnoException,
  option = '--output',
): DarkroomError =>
  new DarkroomError('DR_OUTPUT_UNWRITABLE', {
    message: `nothing can be saved in ${folder}: ${error.message}`,
    hint: writeHint(folder, error, option),
    file: folder,
    cause: error,
  });

/** Returns DR_OUTPUT_UNWRITABLE for a search of a free name that was given up. */
export const noFreeName = (folder: string, name: string): DarkroomError =>
  new DarkroomError('DR_OUTPUT_UNWRITABLE', {
    message: `nothing can be saved in ${folder}: ${name} and all names that follow it are in use`,
    hint: 'Use another file name prefix, or move files away.',
    file: folder,
  });

/** Describes what is free in a folder, or in the folder that it would be created in. */
function freeSpace(folder: string): string {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    if (files > 0 && ffree === 0) return ' (it can hold no more files)';
    return ` (${formatSize(bavail * bsize)} free)`;
  } catch {
    return dirname(folder) === folder ? '' : freeSpace(dirname(folder));
  }
}
