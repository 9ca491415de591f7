// Resolves paths in requests, which must stay inside their folder.
import { relative, resolve, sep } from 'node:path';

export { isFile, isFolder, statOf } from '../../storage/folder-paths.ts';

/**
 * The absolute path of `name` in `root`, which may be the root itself; undefined when it would be
 * outside of the root, or cannot be a path.
 */
export function resolveInside(root: string, name: string): string | undefined {
  if (name.includes('\0')) return undefined;
  const top = resolve(root);
  const path = resolve(top, name.replaceAll('\\', '/'));
  return path === top || path.startsWith(top.endsWith(sep) ? top : top + sep) ? path : undefined;
}

/** ComfyUI's check of file names: relative, and without `..`. */
export const isPlainName = (name: string): boolean =>
  name !== '' && !name.startsWith('/') && !name.includes('..') && !name.includes('\0');

/** The path relative to `root`, with `/`. */
export const relativeName = (root: string, path: string): string =>
  relative(root, path).replaceAll(sep, '/');
