// Inputs and outputs in a bucket: `s3://BUCKET/PREFIX/input/…`. Files that programs read are copied
// to the user's cache first.
import { createHash } from 'node:crypto';
import { join, posix } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import { noFreeName } from '../../write-errors.ts';
import { MAX_NUMBERED_NAMES, numberedName } from '../file-names.ts';
import { type FolderType, parseAnnotatedName, pathInside } from '../folder-paths.ts';
import type { Storage, StoredFile } from '../storage.ts';
import { type Bucket, type BucketOptions, createBucket } from './bucket.ts';
import { md5Of, putContent } from './bucket-content.ts';
import { bucketCopies, streamOf } from './bucket-copies.ts';
import { type BucketKeys, bucketKeys, parseBucketLocation } from './bucket-keys.ts';
import { bucketOutputs } from './bucket-outputs.ts';

const LISTING_LIFETIME_MS = 2000;
const PARALLEL_COPIES = 8;
/** Strings that may be file names; others are not looked up. */
const FILE_NAME = /^[^\r\n\0]{1,250}\.[a-z0-9]{1,12}$/i;

export type BucketStorageOptions = Omit<BucketOptions, 'name'> & { readonly cache?: string };

/**
 * Opens `s3://BUCKET[/PREFIX]`, with credentials from the environment. Throws DR_BAD_USAGE,
 * DR_STORAGE.
 */
export async function openBucketStorage(
  location: string,
  { cache = cacheFolder(), ...options }: BucketStorageOptions = {},
): Promise<Storage> {
  const { name, prefix } = parseBucketLocation(location);
  const bucket = createBucket({ name, ...options });
  const keys = bucketKeys(location, prefix);
  const hash = createHash('sha256').update(`${bucket.address}/${prefix}`).digest('hex');
  const copiesFolder = join(cache, 'storage', hash.slice(0, 16));
  const folders = {
    input: join(copiesFolder, 'input'),
    output: join(copiesFolder, 'output'),
    temp: join(copiesFolder, 'temp'),
  };
  const copies = bucketCopies(bucket, copiesFolder);
  await checkConditionalWrites(bucket, `${prefix}.darkroom`);

  const localPath: Storage['localPath'] = async (type, fileName) => {
    const [key, path] = [keys.existing(type, fileName), pathInside(folders[type], fileName)];
    const isObject = key !== undefined && path !== undefined && !isTooLong(fileName);
    return isObject ? copies.update(key, path) : undefined;
  };
  const list: Storage['list'] = async (type) =>
    (await bucket.list(keys.prefixOf(type)))
      .filter(({ key }) => !key.endsWith('/'))
      .map((object) => keys.fileOf(type, object));

  return {
    location,
    folders,
    fetchMentioned: async (strings) => {
      copies.removeUnused();
      const mentioned = [...new Set(strings)]
        .map(parseAnnotatedName)
        .filter((file) => FILE_NAME.test(file.name));
      for (let i = 0; i < mentioned.length; i += PARALLEL_COPIES)
        await Promise.all(
          mentioned
            .slice(i, i + PARALLEL_COPIES)
            .map((file) => localPath(file.type ?? 'input', file.name)),
        );
    },
    ...inputListing(() => list('input')),
    ...bucketFiles(bucket, keys),
    localPath,
    list,
    temp: {
      list: async () =>
        (await bucket.list(keys.prefixOf('temp'), true))
          .filter(({ key }) => !key.endsWith('/'))
          .map((object) => keys.fileOf('temp', object)),
      remove: async (tempName) => {
        const key = keys.existing('temp', tempName);
        if (key !== undefined) await bucket.remove(key);
      },
    },
    ...bucketOutputs(bucket, keys, folders),
  };
}

/** The names of the input folder, which are listed at most once in two seconds. */
function inputListing(
  list: () => Promise<readonly StoredFile[]>,
): Pick<Storage, 'refreshInputNames' | 'inputNames'> {
  let listing:
    | { readonly time: number; readonly files: Promise<readonly StoredFile[]> }
    | undefined;
  let names: readonly string[] | undefined;
  return {
    refreshInputNames: async () => {
      if (!listing || performance.now() - listing.time >= LISTING_LIFETIME_MS)
        listing = { time: performance.now(), files: list() };
      try {
        names = (await listing.files)
          .map(({ name }) => name)
          .filter((name) => !name.startsWith('.'));
      } catch (error) {
        listing = undefined;
        throw error;
      }
    },
    inputNames: () => names,
  };
}

function bucketFiles(
  bucket: Bucket,
  keys: BucketKeys,
): Pick<Storage, 'find' | 'read' | 'add' | 'replace'> {
  return {
    find: async (type: FolderType, name: string) => {
      const key = keys.existing(type, name);
      const object = key === undefined ? undefined : await bucket.head(key);
      return object && keys.fileOf(type, object);
    },
    read: async (type, name, range) => {
      const key = keys.existing(type, name);
      const found = key === undefined ? undefined : await bucket.get(key, { range });
      return found === undefined || found === 'unchanged' || !found.body.body
        ? undefined
        : streamOf(found.body);
    },
    add: async (type, name, content) => {
      const md5 = await md5Of(bucket, content);
      for (let count = 0; count <= MAX_NUMBERED_NAMES; count++) {
        const free = posix.join(posix.dirname(name), numberedName(posix.basename(name), count));
        const key = keys.toWrite(type, free);
        const existing = await bucket.head(key);
        if (existing?.etag.includes(md5)) return free;
        if (existing) continue;
        if (await putContent(bucket, key, content, true)) return free;
        if ((await bucket.head(key))?.etag.includes(md5)) return free;
      }
      throw noFreeName(`${bucket.address}/${type}`, name);
    },
    replace: async (type, name, content) => {
      await putContent(bucket, keys.toWrite(type, name), content, false);
    },
  };
}

/** Returns whether a name is too long for a file system. */
const isTooLong = (name: string): boolean =>
  name.split('/').some((part) => Buffer.byteLength(part) > 200);

/**
 * Throws DR_STORAGE for a service without conditional writes: two workers could take the same name,
 * and an image would be lost.
 */
async function checkConditionalWrites(bucket: Bucket, key: string): Promise<void> {
  const bytes = Buffer.from('The files beside this one are kept by Darkroom.\n');
  for (let i = 0; i < 2; i++) if (!(await bucket.put(key, bytes, true))) return;
  throw new DarkroomError('DR_STORAGE', {
    message: `the service of ${bucket.address} overwrites files in spite of If-None-Match`,
    hint: 'Use a newer version of that service, or a folder that all machines have mounted.',
    file: bucket.address,
  });
}
