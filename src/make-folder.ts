// Creates folders, with the true error where that fails.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Creates a folder and those around it, unless they exist. Throws errors of the file system. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Node reports a full or read-only disk as a missing folder, unless it creates a single one
    let missing = folder;
    while (dirname(missing) !== missing && !existsSync(dirname(missing)))
      missing = dirname(missing);
    mkdirSync(missing);
    mkdirSync(folder, { recursive: true });
  }
}
