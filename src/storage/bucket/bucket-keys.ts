// The keys of a storage's files in its bucket: `PREFIX/input/NAME`.
import { posix } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { withSlashes } from '../../slashes.ts';
import type { FolderType } from '../folder-paths.ts';
import { throwOutside } from '../folder-storage.ts';
import type { StoredFile } from '../storage.ts';
import type { BucketObject } from './s3-xml.ts';

const MAX_KEY_BYTES = 1024;

export interface BucketKeys {
  /** Returns the key of a file; undefined for names that lead elsewhere. */
  existing(type: FolderType, name: string): string | undefined;
  /**
   * Returns the key of a file to write. Throws DR_OUTPUT_UNWRITABLE for names that lead elsewhere.
   */
  toWrite(type: FolderType, name: string): string;
  /** Returns the prefix of all files of a folder. */
  prefixOf(type: FolderType): string;
  fileOf(type: FolderType, object: BucketObject): StoredFile;
}

export function bucketKeys(location: string, prefix: string): BucketKeys {
  const prefixOf = (type: FolderType): string => `${prefix}${type}/`;
  const existing = (type: FolderType, name: string): string | undefined => {
    const normal = posix.normalize(withSlashes(name));
    const key = prefixOf(type) + normal;
    const isName =
      name !== '' &&
      !/^(\.{0,2}(\/|$))/.test(normal) &&
      !normal.endsWith('/') &&
      !normal.includes('\0');
    return isName && Buffer.byteLength(key) <= MAX_KEY_BYTES ? key : undefined;
  };
  return {
    existing,
    toWrite: (type, name) => existing(type, name) ?? throwOutside(name, `${location}/${type}`),
    prefixOf,
    fileOf: (type, { key, size, modified }) => ({
      name: key.slice(prefixOf(type).length),
      size,
      modified,
    }),
  };
}

/** Parses `s3://BUCKET[/PREFIX]`; the prefix ends with `/`. Throws DR_BAD_USAGE. */
export function parseBucketLocation(location: string): {
  readonly name: string;
  readonly prefix: string;
} {
  const [, name, path] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(location) ?? [];
  const parts = (path ?? '').split('/').filter((part) => part !== '');
  if (name !== undefined && !parts.includes('..') && !parts.includes('.'))
    return { name, prefix: parts.map((part) => `${part}/`).join('') };
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `${location} is not a location in a bucket`,
    hint: 'Use s3://BUCKET or s3://BUCKET/PREFIX.',
  });
}
