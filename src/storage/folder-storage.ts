// Inputs and outputs in folders of this machine, or in mounted ones.
import { createReadStream } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { openRegular } from '../formats/regular-file.ts';
import { isNameError, unwritableError } from '../write-errors.ts';
import { isTemporary } from './atomic-write.ts';
import { addFile, replaceFile } from './file-names.ts';
import { type FolderType, isFile, pathInside, statOf } from './folder-paths.ts';
import { addMovedFile, moveFile } from './move-file.ts';
import { writeLargeOutput, writeOutputs } from './output.ts';
import type { Storage, StorageFolders, StoredFile } from './storage.ts';
import { tempFilesIn } from './temp-files.ts';
import { filesIn } from './walk-folder.ts';

export function createFolderStorage(folders: StorageFolders): Storage {
  const pathOf = (type: FolderType, name: string): string | undefined => {
    const path = pathInside(folders[type], name);
    return path && isFile(path) ? path : undefined;
  };
  const newPath = (type: FolderType, name: string): string =>
    pathInside(folders[type], name) ?? throwOutside(name, folders[type]);
  const describe = (path: string | undefined, name: string): StoredFile | undefined => {
    const stats = path === undefined ? undefined : statOf(path);
    return stats && { name, size: stats.size, modified: stats.mtime };
  };
  return {
    folders,
    fetchMentioned: async () => undefined,
    refreshInputNames: async () => undefined,
    inputNames: () => undefined,
    find: async (type, name) => describe(pathOf(type, name), name),
    read: async (type, name, range) => {
      const path = pathOf(type, name);
      // a pipe that has taken the file's place does not block this
      return path === undefined
        ? undefined
        : createReadStream(path, { ...range, fd: await openRegular(path) });
    },
    localPath: async (type, name) => pathOf(type, name),
    list: async (type) => {
      const names = filesIn(folders[type]).filter((name) => !isTemporary(name));
      return names.flatMap((name) => describe(join(folders[type], name), name) ?? []);
    },
    temp: tempFilesIn(resolve(folders.temp)),
    add: async (type, name, content) => {
      const path = newPath(type, name);
      const [folder, base] = [dirname(path), basename(path)];
      const written = await writeInto(folder, type, async () =>
        content instanceof Uint8Array
          ? addFile(folder, base, content)
          : await addMovedFile(folder, base, content.path),
      );
      return name.slice(0, name.length - base.length) + written;
    },
    replace: async (type, name, content) => {
      const path = newPath(type, name);
      await writeInto(dirname(path), type, async () =>
        content instanceof Uint8Array
          ? replaceFile(path, content)
          : await moveFile(content.path, path),
      );
    },
    save: async (request, onFolder) =>
      writeOutputs({ ...request, root: folders[request.type] }, onFolder),
    saveLarge: (request, onFolder) =>
      writeLargeOutput({ ...request, root: folders[request.type] }, onFolder),
  };
}

/**
 * Throws DR_OUTPUT_UNWRITABLE where a folder cannot be written to; errors of the name are thrown
 * unchanged.
 */
async function writeInto<T>(folder: string, type: FolderType, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof DarkroomError || isNameError(error)) throw error;
    throw unwritableError(folder, error as NodeJS.ErrnoException, `--${type}`);
  }
}

/** Throws DR_OUTPUT_UNWRITABLE for a name outside of a folder. */
export function throwOutside(name: string, folder: string): never {
  throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
    message: `'${name}' is outside ${folder}`,
    hint: 'Use a name without ".." that does not begin with "/".',
    file: name,
  });
}
