// Copies of a bucket's files in the user's cache, for programs that read files. Copies that were
// not used for a day are removed.
import { renameSync, rmSync, statSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { DarkroomError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { unwritableError } from '../../write-errors.ts';
import { writeAtomicParts } from '../atomic-write.ts';
import { touch } from '../cache/touch.ts';
import type { Bucket } from './bucket.ts';

const LIFETIME_MS = 24 * 3600 * 1000;
const CLEANUP_INTERVAL_MS = 3600 * 1000;
const ATTEMPTS = 3;

export interface BucketCopies {
  /** Returns `path` with an up-to-date copy of an object; undefined when it does not exist. */
  update(key: string, path: string): Promise<string | undefined>;
  /** Removes unused copies, at most once an hour; does not wait for it. */
  removeUnused(): void;
}

export function bucketCopies(bucket: Bucket, folder: string): BucketCopies {
  /** The version of each copy, by its path. */
  const versions = new Map<string, { readonly etag: string; readonly inode: number }>();
  const running = new Map<string, Promise<string | undefined>>();
  let lastCleanup = Number.NEGATIVE_INFINITY;

  const copy = async (key: string, path: string): Promise<string | undefined> => {
    const version = versions.get(path);
    const isIntact =
      version !== undefined && statSync(path, { throwIfNoEntry: false })?.ino === version.inode;
    const found = await bucket.get(key, { etag: isIntact ? version.etag : undefined });
    if (found === 'unchanged') {
      touch(path);
      return path;
    }
    if (found === undefined) {
      versions.delete(path);
      rmSync(path, { force: true });
      return undefined;
    }
    makeFolder(dirname(path));
    const name = posix.basename(key);
    await writeAtomicParts(dirname(path), name, streamOf(found.body), (temporary) =>
      renameSync(temporary, path),
    );
    versions.set(path, { etag: found.object.etag, inode: statSync(path).ino });
    return path;
  };

  return {
    update: (key, path) => {
      const copying =
        running.get(path) ??
        retry(() => copy(key, path), key, bucket.address).finally(() => running.delete(path));
      running.set(path, copying);
      return copying;
    },
    removeUnused: () => {
      const now = performance.now();
      if (now - lastCleanup < CLEANUP_INTERVAL_MS) return;
      lastCleanup = now;
      void removeOlder(folder, Date.now() - LIFETIME_MS);
    },
  };
}

/** Returns the body of a response as a stream of Node. */
export const streamOf = ({ body }: Response): Readable =>
  Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);

/**
 * Repeats a transfer that breaks off. Throws DR_STORAGE, or DR_OUTPUT_UNWRITABLE for a full disk.
 */
async function retry<T>(work: () => Promise<T>, key: string, address: string): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof DarkroomError) throw error;
      if (code === 'ENOSPC' || code === 'EACCES' || code === 'EROFS')
        throw unwritableError(key, error as NodeJS.ErrnoException);
      if (attempt < ATTEMPTS) continue;
      throw new DarkroomError('DR_STORAGE', {
        message: `${key} could not be read from the bucket ${address}: ${(error as Error).message}`,
        hint: 'Check the network connection.',
        file: key,
        cause: error,
      });
    }
  }
}

/** Removes the files of a folder that were last used before a time in milliseconds. */
async function removeOlder(folder: string, time: number): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (((await stat(path).catch(() => undefined))?.mtimeMs ?? time) < time)
      await rm(path, { force: true });
  }
}
