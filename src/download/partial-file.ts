// A file that is being downloaded: `.NAME.part` beside the file that it will be, with what is known
// about it in `.NAME.part.json`. Both stay when a download is stopped, so that it can go on.

import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { linkNew } from '../storage/file-names.ts';

/** What the host said about the bytes of a partial file. */
export interface PartialState {
  readonly url: string;
  /** A strong ETag or a date, which is another one once the file has changed. */
  readonly validator?: string;
  readonly total?: number;
}

export interface PartialFile {
  readonly path: string;
  size(): number;
  /** Undefined for an empty file, and for bytes of another address. */
  readState(url: string): PartialState | undefined;
  writeState(state: PartialState): void;
  append(bytes: Uint8Array): Promise<void>;
  /** Removes all bytes, to begin again. */
  restart(): Promise<void>;
  /** Closes the file and renames it to the target, unless that has appeared meanwhile. */
  finish(): Promise<void>;
  /** Closes the file; keeps it if it has bytes. */
  close(): Promise<void>;
  /** Closes and removes the file. */
  remove(): Promise<void>;
}

const MAX_NAME = 200;

/** The path of the partial file of a target. */
const partialPath = (target: string): string =>
  join(dirname(target), `.${basename(target).slice(0, MAX_NAME)}.part`);

/** The size of what is there of a file already. */
export const partialSize = (target: string): number =>
  statSync(partialPath(target), { throwIfNoEntry: false })?.size ?? 0;

/** Opens the partial file of a target, whose folder exists. Throws DR_DOWNLOAD if it is in use. */
export async function openPartial(target: string): Promise<PartialFile> {
  const path = partialPath(target);
  const statePath = `${path}.json`;
  const file = await open(path, 'a');
  if (!(await lock(file))) {
    await file.close();
    throw new DarkroomError('DR_DOWNLOAD', {
      message: `${basename(target)} is being downloaded by another process`,
      hint: 'Wait for it, or stop it.',
      file: target,
    });
  }
  const size = (): number => statSync(path).size;
  const removeBoth = (): void => {
    for (const one of [path, statePath]) rmSync(one, { force: true });
  };
  return {
    path,
    size,
    readState: (url) => (size() === 0 ? undefined : readState(statePath, url)),
    // one that is cut off counts as none
    writeState: (state) => writeFileSync(statePath, JSON.stringify(state)),
    append: async (bytes) => {
      await file.appendFile(bytes);
    },
    restart: () => file.truncate(0),
    finish: async () => {
      await file.sync();
      await file.close();
      linkNew(path, target);
      removeBoth();
    },
    close: async () => {
      const isEmpty = size() === 0;
      await file.close();
      if (isEmpty) removeBoth();
    },
    remove: async () => {
      await file.close();
      removeBoth();
    },
  };
}

/** An advisory lock, which ends with the process; where there are none, nothing is locked. */
async function lock({ fd }: FileHandle): Promise<boolean> {
  const native = await import('fs-native-extensions').catch(() => undefined);
  return native?.tryLock(fd) ?? true;
}

function readState(path: string, url: string): PartialState | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as PartialState;
    return state.url === url ? state : undefined;
  } catch {
    return undefined;
  }
}
