// File names as ComfyUI writes them, their paths, and what these lead to.
import { type Stats, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';

export type FolderType = 'input' | 'output' | 'temp';
const FOLDER_TYPES: readonly FolderType[] = ['input', 'output', 'temp'];

export const isFolderType = (text: string): text is FolderType =>
  FOLDER_TYPES.some((type) => type === text);

/**
 * Splits `name [output]` into name and folder; the folder is undefined without an annotation
 * (folder_paths.annotated_filepath).
 */
export function parseAnnotatedName(name: string): {
  readonly name: string;
  readonly type?: FolderType;
} {
  const type = FOLDER_TYPES.find((folder) => name.endsWith(`[${folder}]`));
  return type ? { name: name.slice(0, -type.length - 2).trimEnd(), type } : { name };
}

/** Returns the path of `name` under `root`; undefined when it would be elsewhere. */
export function pathInside(root: string, name: string): string | undefined {
  if (name === '' || name.includes('\0')) return undefined;
  const path = resolve(root, name.replaceAll('\\', sep === '\\' ? '\\' : '/'));
  return path.startsWith(withSeparator(root)) ? path : undefined;
}

/** Whether an absolute path is that of a folder or of something in it. */
export const isAtOrUnder = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(withSeparator(folder));

const withSeparator = (folder: string): string => (folder.endsWith(sep) ? folder : folder + sep);

/** Compares strings as Python does, by code point. */
export const byCodePoint = (a: string, b: string): number => {
  const x = Array.from(a, (c) => c.codePointAt(0)!);
  const y = Array.from(b, (c) => c.codePointAt(0)!);
  const i = x.findIndex((c, at) => c !== y[at]);
  return i < 0 ? x.length - y.length : i >= y.length ? 1 : x[i] - y[i];
};

/** Whether there is a file; false for a path that the file system refuses. */
export const isFile = (path: string): boolean => statOf(path)?.isFile() ?? false;

/** Whether there is a folder; false for a path that the file system refuses. */
export const isFolder = (path: string): boolean => statOf(path)?.isDirectory() ?? false;

/**
 * Returns what a path leads to; undefined where there is nothing, and for a path that the file
 * system refuses: a loop of links, a path below a file, a name that is too long.
 */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
