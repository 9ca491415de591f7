// The time of the last use of a cache entry is the modification time of one of its files.
import { utimesSync } from 'node:fs';

/**
 * Sets the modification time of a file to now; does nothing where it cannot be set (a read-only
 * cache).
 */
export function touch(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {
    // the entry only counts as used earlier
  }
}
