// Inputs and outputs in a bucket: `s3://BUCKET/PREFIX/input/…`. What programs read is first copied into the user's cache, and forgotten there
// after a day.
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { DarkroomError } from '../errors.ts';
import { cacheFolder } from '../user-cache-folder.ts';
import { writeAtomicParts } from './atomic-write.ts';
import { type BucketObject, type BucketOptions, createBucket } from './bucket.ts';
import { numberedName, replaceFile } from './file-names.ts';
import { refuseOutside } from './folder-storage.ts';
import { type FolderType, parseAnnotatedName, pathInside } from './folders.ts';
import {
  type LargeOutputRequest,
  nextCounter,
  type OutputRequest,
  outputName,
  outputTarget,
  unwritableError,
  type WrittenFile,
} from './output.ts';
import type { Storage, StorageRequest, StoredFile } from './storage.ts';

const LISTING_LIVES_MS = 2000;
const COPIES_LIVE_MS = 24 * 3600 * 1000;
const TIDY_MS = 3600 * 1000;
const TRIES = 3;
const AT_ONCE = 8;
const MAX_KEY = 1024;
/** What a file's name can look like; other texts are not asked for. */
const NAME = /^[^\r\n\0]{1,250}\.[a-z0-9]{1,12}$/i;

export type BucketStorageOptions = Omit<BucketOptions, 'name'> & { readonly cache?: string };

/** Opens `s3://BUCKET[/PREFIX]`, with credentials from the environment. Throws DR_BAD_USAGE, DR_STORAGE. */
export async function openBucketStorage(
  place: string,
  { cache = cacheFolder(), ...options }: BucketStorageOptions = {},
): Promise<Storage> {
  const { name, prefix } = parsePlace(place);
  const bucket = createBucket({ name, ...options });
  const hash = createHash('sha256')
    .update(`${bucket.address}/${prefix}`)
    .digest('hex')
    .slice(0, 16);
  const copies = join(cache, 'storage', hash);
  const folders = {
    input: join(copies, 'input'),
    output: join(copies, 'output'),
    temp: join(copies, 'temp'),
  };

  const keyOf = (type: FolderType, given: string): string | undefined => {
    const plain = posix.normalize(given.replaceAll('\\', '/'));
    const key = `${prefix}${type}/${plain}`;
    const isName =
      given !== '' &&
      !/^(\.{0,2}(\/|$))/.test(plain) &&
      !plain.endsWith('/') &&
      !plain.includes('\0');
    return isName && Buffer.byteLength(key) <= MAX_KEY ? key : undefined;
  };
  const newKey = (type: FolderType, given: string): string =>
    keyOf(type, given) ?? refuseOutside(given, `${place}/${type}`);
  const fileOf = (type: FolderType, { key, size, modified }: BucketObject): StoredFile => ({
    name: key.slice(prefix.length + type.length + 1),
    size,
    modified,
  });

  /** Which version of an object a copy is, by the path of the copy. */
  const versions = new Map<string, { readonly etag: string; readonly file: number }>();
  const fetchCopy = async (key: string, path: string): Promise<string | undefined> => {
    const version = versions.get(path);
    const isThere =
      version !== undefined && statSync(path, { throwIfNoEntry: false })?.ino === version.file;
    const got = await bucket.get(key, isThere ? version.etag : undefined);
    if (got === 'unchanged') {
      utimesSync(path, new Date(), new Date());
      return path;
    }
    if (got === undefined) {
      versions.delete(path);
      rmSync(path, { force: true });
      return undefined;
    }
    mkdirSync(dirname(path), { recursive: true });
    const bytes = Readable.fromWeb(got.body.body as Parameters<typeof Readable.fromWeb>[0]);
    await writeAtomicParts(dirname(path), posix.basename(key), bytes, (temporary) =>
      renameSync(temporary, path),
    );
    versions.set(path, { etag: got.object.etag, file: statSync(path).ino });
    return path;
  };
  const running = new Map<string, Promise<string | undefined>>();
  const local: Storage['localPath'] = (type, given) => {
    const [key, path] = [keyOf(type, given), pathInside(folders[type], given)];
    if (key === undefined || path === undefined || tooLong(given))
      return Promise.resolve(undefined);
    const known = running.get(path);
    if (known) return known;
    const copying = again(() => fetchCopy(key, path), key, bucket.address).finally(() =>
      running.delete(path),
    );
    running.set(path, copying);
    return copying;
  };

  let listing: { readonly at: number; readonly names: Promise<readonly string[]> } | undefined;
  let names: readonly string[] | undefined;
  const list = async (type: FolderType): Promise<readonly StoredFile[]> =>
    (await bucket.list(`${prefix}${type}/`))
      .filter(({ key }) => !key.endsWith('/'))
      .map((object) => fileOf(type, object));

  /** Puts bytes under the first name that is free, and a copy beside. */
  const saveUnder = async (
    request: StorageRequest<Omit<OutputRequest, 'files'>>,
    batch: number | undefined,
    counter: { next: number },
    put: (key: string) => Promise<boolean>,
  ): Promise<WrittenFile> => {
    const { type, extension } = request;
    const { folder, subfolder, name } = outputTarget({ ...request, root: folders[type] });
    for (;;) {
      const filename = outputName(name, extension, counter.next++, batch);
      if (await put(newKey(type, posix.join(subfolder, filename))))
        return { filename, subfolder, path: join(folder, filename) };
    }
  };
  const counterOf = async (
    request: StorageRequest<Omit<OutputRequest, 'files'>>,
  ): Promise<{ next: number }> => {
    const { subfolder, name } = outputTarget({ ...request, root: folders[request.type] });
    const found = await bucket.list(newKey(request.type, posix.join(subfolder, `${name}_`)));
    return {
      next: nextCounter(
        found.map(({ key }) => posix.basename(key)),
        name,
      ),
    };
  };

  await checkConditions(bucket.put, `${prefix}.darkroom`, bucket.address);
  let looked = 0;
  const tidy = (): void => {
    const now = Date.now();
    if (now - looked < TIDY_MS) return;
    looked = now;
    void forgetOld(copies, now - COPIES_LIVE_MS);
  };

  return {
    location: place,
    folders,
    fetchMentioned: async (texts) => {
      tidy();
      const wanted = [...new Set(texts)]
        .map(parseAnnotatedName)
        .filter((one) => NAME.test(one.name));
      for (let at = 0; at < wanted.length; at += AT_ONCE)
        await Promise.all(
          wanted.slice(at, at + AT_ONCE).map((one) => local(one.type ?? 'input', one.name)),
        );
    },
    refreshInputNames: async () => {
      if (!listing || Date.now() - listing.at >= LISTING_LIVES_MS)
        listing = {
          at: Date.now(),
          names: list('input').then((files) => files.map((file) => file.name)),
        };
      try {
        names = (await listing.names).filter((one) => !one.startsWith('.'));
      } catch (error) {
        listing = undefined;
        throw error;
      }
    },
    inputNames: () => names,
    find: async (type, given) => {
      const key = keyOf(type, given);
      const object = key === undefined ? undefined : await bucket.head(key);
      return object && fileOf(type, object);
    },
    read: async (type, given) => {
      const key = keyOf(type, given);
      const got = key === undefined ? undefined : await bucket.get(key);
      return got === undefined || got === 'unchanged' || !got.body.body
        ? undefined
        : Readable.fromWeb(got.body.body as Parameters<typeof Readable.fromWeb>[0]);
    },
    localPath: local,
    list,
    add: async (type, given, bytes) => {
      const md5 = createHash('md5').update(bytes).digest('hex');
      for (let count = 0; ; count++) {
        const tried = posix.join(posix.dirname(given), numberedName(posix.basename(given), count));
        const key = newKey(type, tried);
        if ((await bucket.put(key, bytes, true)) || (await bucket.head(key))?.etag.includes(md5))
          return tried;
      }
    },
    replace: async (type, given, bytes) => {
      await bucket.put(newKey(type, given), bytes, false);
    },
    save: async (request, onFolder) => {
      const counter = await counterOf(request);
      const written: WrittenFile[] = [];
      for (const [i, bytes] of request.files.entries()) {
        const file = await saveUnder(request, i, counter, (key) => bucket.put(key, bytes, true));
        onFolder?.(dirname(file.path));
        writable(file.path, () => replaceFile(file.path, bytes));
        written.push(file);
      }
      return written;
    },
    saveLarge: async (request: StorageRequest<LargeOutputRequest>, onFolder) => {
      const { folder, name } = outputTarget({ ...request, root: folders[request.type] });
      const counter = await counterOf(request);
      writable(folder, () => mkdirSync(folder, { recursive: true }));
      onFolder?.(folder);
      return await writeAtomicParts(folder, name, request.parts, async (temporary) => {
        const file = await saveUnder(request, undefined, counter, (key) =>
          putFile(bucket.putLarge, key, temporary),
        );
        renameSync(temporary, file.path);
        return file;
      });
    },
  };
}

/** No file system has such names. */
const tooLong = (name: string): boolean =>
  name.split('/').some((part) => Buffer.byteLength(part) > 200);

function parsePlace(place: string): { readonly name: string; readonly prefix: string } {
  const [, name, path] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(place) ?? [];
  const parts = (path ?? '').split('/').filter((part) => part !== '');
  if (name !== undefined && !parts.includes('..') && !parts.includes('.'))
    return { name, prefix: parts.map((part) => `${part}/`).join('') };
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `${place} is no place in a bucket`,
    hint: 'Give s3://BUCKET or s3://BUCKET/PREFIX.',
  });
}

/** Without conditional writes two workers could take the same name, and a picture would be lost. Throws DR_STORAGE. */
async function checkConditions(
  put: ReturnType<typeof createBucket>['put'],
  key: string,
  address: string,
): Promise<void> {
  const bytes = Buffer.from('The files beside this one are kept by Darkroom.\n');
  for (let i = 0; i < 2; i++) if (!(await put(key, bytes, true))) return;
  throw new DarkroomError('DR_STORAGE', {
    message: `the service of ${address} overwrites files though it is told not to (If-None-Match)`,
    hint: 'Use a newer version of that service, or a folder that all machines have mounted.',
    file: address,
  });
}

/** A transfer that breaks off is begun again. */
async function again<T>(work: () => Promise<T>, key: string, address: string): Promise<T> {
  for (let i = 1; ; i++) {
    try {
      return await work();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (error instanceof DarkroomError) throw error;
      if (code === 'ENOSPC' || code === 'EACCES' || code === 'EROFS')
        throw unwritableError(key, error as NodeJS.ErrnoException);
      if (i < TRIES) continue;
      throw new DarkroomError('DR_STORAGE', {
        message: `${key} could not be read from the bucket ${address}: ${(error as Error).message}`,
        hint: 'See that the network is there.',
        file: key,
        cause: error,
      });
    }
  }
}

function writable(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw unwritableError(dirname(path), error as NodeJS.ErrnoException);
  }
}

async function putFile(
  put: ReturnType<typeof createBucket>['putLarge'],
  key: string,
  path: string,
): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const part = async (at: number, length: number): Promise<Uint8Array> => {
      const bytes = Buffer.alloc(length);
      await file.read(bytes, 0, length, at);
      return bytes;
    };
    return await put(key, (await file.stat()).size, part, true);
  } finally {
    await file.close();
  }
}

/** Removes copies that nobody has used since. */
async function forgetOld(folder: string, before: number): Promise<void> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of found.filter((one) => one.isFile())) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (((await stat(path).catch(() => undefined))?.mtimeMs ?? before) < before)
      await rm(path, { force: true });
  }
}
