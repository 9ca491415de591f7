// Reads byte ranges of a file.
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { requestMemory } from '../tensor/allocate.ts';
import { openRegular } from './regular-file.ts';

export interface ByteSource {
  readonly file: string;
  readonly size: number;
  /** Time of the last change, in milliseconds. */
  readonly modified: number;
  /**
   * `length` bytes from `offset` on. Throws DR_FILE_UNREADABLE when the file is shorter,
   * DR_OUT_OF_MEMORY.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a regular file. Throws DR_FILE_MISSING, and DR_FILE_UNREADABLE, also for all else. */
export async function openSource(file: string): Promise<ByteSource> {
  const handle = await openHandle(file);
  try {
    const stat = await handle.stat();
    return {
      file,
      size: stat.size,
      modified: stat.mtimeMs,
      read: async (offset, length) => {
        requestMemory(length, `a part of ${basename(file)}`, file);
        const bytes = new Uint8Array(length);
        await readFully(file, handle, bytes, offset);
        return bytes;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Bytes in memory as a source; `file` is named in errors. */
export const memorySource = (file: string, bytes: Uint8Array): ByteSource => ({
  file,
  size: bytes.byteLength,
  modified: 0,
  read: async (offset, length) => {
    if (offset + length > bytes.byteLength) throw unreadable(file, new Error('it is too short'));
    return new Uint8Array(bytes.subarray(offset, offset + length));
  },
  close: async () => undefined,
});

async function openHandle(file: string): Promise<FileHandle> {
  try {
    return await openRegular(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(file, cause);
    throw new DarkroomError('DR_FILE_MISSING', {
      message: `${file} does not exist`,
      hint: 'Check the path.',
      file,
      cause,
    });
  }
}

const MAX_READ = 2 ** 30;

async function readFully(
  file: string,
  handle: FileHandle,
  into: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < into.byteLength; ) {
    const length = Math.min(MAX_READ, into.byteLength - done);
    const { bytesRead } = await handle
      .read(into, done, length, position + done)
      .catch((cause: unknown) => {
        throw unreadable(file, cause);
      });
    if (bytesRead === 0) throw unreadable(file, new Error('it became shorter while it was open'));
    done += bytesRead;
  }
}

const unreadable = (file: string, cause: unknown): DarkroomError =>
  new DarkroomError('DR_FILE_UNREADABLE', {
    message: `${file} can't be read: ${(cause as Error).message}`,
    hint: 'Check the file and its permissions.',
    file,
    cause,
  });
