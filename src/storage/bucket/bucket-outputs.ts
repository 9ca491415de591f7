// Saves outputs to a bucket under ComfyUI's counters, with a copy of each in the user's cache.
import { renameSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { makeFolder } from '../../make-folder.ts';
import { noFreeName, unwritableError } from '../../write-errors.ts';
import { writeAtomicParts } from '../atomic-write.ts';
import { replaceFile } from '../file-names.ts';
import {
  endsAtDot,
  nextCounter,
  type OutputRequest,
  outputName,
  outputTarget,
  type WrittenFile,
} from '../output.ts';
import type { Storage, StorageFolders, StorageRequest } from '../storage.ts';
import type { Bucket } from './bucket.ts';
import { putFile } from './bucket-content.ts';
import type { BucketKeys } from './bucket-keys.ts';

type NamedRequest = StorageRequest<Omit<OutputRequest, 'files'>>;

/** How many names in use are passed over before a search for a free one is given up. */
const MAX_TAKEN_NAMES = 10_000n;

export function bucketOutputs(
  bucket: Bucket,
  keys: BucketKeys,
  folders: StorageFolders,
): Pick<Storage, 'save' | 'saveLarge'> {
  const targetOf = (request: NamedRequest): ReturnType<typeof outputTarget> =>
    outputTarget({ ...request, root: folders[request.type] });

  const firstCounter = async (request: NamedRequest): Promise<{ next: bigint }> => {
    const { subfolder, name } = targetOf(request);
    const prefix = keys.toWrite(request.type, posix.join(subfolder, `${name}_`));
    const names = (await bucket.list(prefix)).map(({ key }) => posix.basename(key));
    return { next: nextCounter(names, name, endsAtDot(request)) };
  };
  /** Calls `put` with the next keys until one is free. Throws DR_OUTPUT_UNWRITABLE. */
  const putUnderFreeName = async (
    request: NamedRequest,
    batchIndex: number | undefined,
    counter: { next: bigint },
    put: (key: string) => Promise<boolean>,
  ): Promise<WrittenFile> => {
    const { folder, subfolder, name } = targetOf(request);
    const first = counter.next;
    while (counter.next < first + MAX_TAKEN_NAMES) {
      const filename = outputName(name, request, counter.next++, batchIndex);
      if (await put(keys.toWrite(request.type, posix.join(subfolder, filename))))
        return { filename, subfolder, path: join(folder, filename) };
    }
    throw noFreeName(folder, outputName(name, request, first, batchIndex));
  };

  return {
    save: async (request, onFolder) => {
      const counter = await firstCounter(request);
      const written: WrittenFile[] = [];
      for (const [i, bytes] of request.files.entries()) {
        const put = (key: string): Promise<boolean> => bucket.put(key, bytes, true);
        const file = await putUnderFreeName(request, i, counter, put);
        onFolder?.(dirname(file.path));
        writeLocally(file.path, () => replaceFile(file.path, bytes));
        written.push(file);
      }
      return written;
    },
    saveLarge: async (request, onFolder) => {
      const { folder, name } = targetOf(request);
      const counter = await firstCounter(request);
      writeLocally(folder, () => makeFolder(folder));
      onFolder?.(folder);
      return await writeAtomicParts(folder, name, request.parts, async (temporary) => {
        const file = await putUnderFreeName(request, undefined, counter, (key) =>
          putFile(bucket, key, temporary, true),
        );
        renameSync(temporary, file.path);
        return file;
      });
    },
  };
}

/** Throws DR_OUTPUT_UNWRITABLE when `write` fails. */
function writeLocally(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw unwritableError(dirname(path), error as NodeJS.ErrnoException);
  }
}
