// A storage whose folders may stop to answer: methods then fail at once with DR_STORAGE.
import { DarkroomError } from '../../errors.ts';
import type { Storage } from '../storage.ts';
import type { FolderWatch } from './folder-watch.ts';

/** Throws DR_STORAGE for a path in a folder that does not answer. */
export function checkReachable(watch: Pick<FolderWatch, 'isReachable'>, path: string): void {
  if (!watch.isReachable(path)) throw notAnswering(path);
}

export const notAnswering = (folder: string): DarkroomError =>
  new DarkroomError('DR_STORAGE', {
    message: `the folder ${folder} does not answer`,
    hint: 'Check the network share or the disk, then try again.',
    file: folder,
  });

/** Returns a storage of folders that checks before each access whether they answer. */
export function watchedStorage(storage: Storage, watch: FolderWatch): Storage {
  const check = (type: keyof Storage['folders']): void =>
    checkReachable(watch, storage.folders[type]);
  return {
    ...storage,
    find: async (type, name) => {
      check(type);
      return await storage.find(type, name);
    },
    read: async (type, name) => {
      check(type);
      return await storage.read(type, name);
    },
    localPath: async (type, name) => {
      check(type);
      return await storage.localPath(type, name);
    },
    list: async (type) => {
      check(type);
      return await storage.list(type);
    },
    temp: {
      list: async () => {
        await watch.refresh();
        check('temp');
        return await storage.temp.list();
      },
      remove: async (name) => {
        check('temp');
        await storage.temp.remove(name);
      },
    },
    add: async (type, name, content) => {
      check(type);
      return await storage.add(type, name, content);
    },
    replace: async (type, name, content) => {
      check(type);
      await storage.replace(type, name, content);
    },
  };
}
