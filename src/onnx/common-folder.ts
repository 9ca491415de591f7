import { dirname, isAbsolute, relative, sep } from 'node:path';
import { DarkroomError } from '../errors.ts';

/**
 * Returns the deepest folder that holds all files; '' for none. Throws DR_MODEL_UNSUPPORTED for
 * files on different drives, which have no folder in common.
 */
export function commonFolder(files: readonly string[]): string {
  const [first, ...rest] = new Set(files);
  if (first === undefined) return '';
  let folder = dirname(first);
  const holds = (file: string): boolean => {
    const path = relative(folder, file);
    return !isAbsolute(path) && path.split(sep)[0] !== '..';
  };
  for (const file of rest)
    while (!holds(file)) {
      if (dirname(folder) === folder)
        throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
          message: `${first} and ${file} are on different drives`,
          hint: 'The files of one network must be on the same drive; move one of them.',
          file,
        });
      folder = dirname(folder);
    }
  return folder;
}
