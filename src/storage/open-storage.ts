// Opens a storage by its location.
import { join, resolve } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { maskUrl } from '../mask-secrets.ts';
import { createFolderStorage } from './folder-storage.ts';
import type { Storage } from './storage.ts';

/**
 * Opens a location that all machines can reach: `s3://BUCKET[/PREFIX]`, or a folder. Throws
 * DR_BAD_USAGE, DR_STORAGE.
 */
export async function openStorage(location: string): Promise<Storage> {
  if (/^s3:\/\//i.test(location))
    return await (await import('./bucket/bucket-storage.ts')).openBucketStorage(location);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(location))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${maskUrl(location)} can't be used as storage`,
      hint: 'Use s3://BUCKET, s3://BUCKET/PREFIX, or a folder that all machines have mounted.',
      file: maskUrl(location),
    });
  const root = resolve(location);
  const folders = {
    input: join(root, 'input'),
    output: join(root, 'output'),
    temp: join(root, 'temp'),
  };
  try {
    for (const folder of Object.values(folders)) makeFolder(folder);
  } catch (error) {
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${location} can't be used as storage: ${(error as Error).message}`,
      hint: 'Name a folder that can be written to.',
      file: location,
      cause: error,
    });
  }
  return createFolderStorage(folders);
}
