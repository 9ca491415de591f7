// Who uses a temp folder. Each server and engine holds a shared lock of the operating system on the
// file `.darkroom-temp` there; who gets an exclusive one is alone. The file's content says whether
// the folder was Darkroom's from the start, so that nothing else is in it.
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const TEMP_MARKER = '.darkroom-temp';
const OWN = 'own';

export interface TempLock {
  /** Whether no other process uses the folder, at the time of locking. */
  readonly isAlone: boolean;
  isOwn(): boolean;
  /** Records that everything in the folder is Darkroom's. */
  markOwn(): void;
  /** Lets others use the folder too. */
  share(): void;
  release(): void;
}

/**
 * Locks an existing folder. With `create`, the marker is created if needed; without it, returns
 * undefined where there is none. Throws errors of the file system.
 */
export async function lockTempFolder(
  folder: string,
  create: boolean,
): Promise<TempLock | undefined> {
  const { tryDowngradeLock, tryLock } = await import('fs-native-extensions');
  const fd = openMarker(join(folder, TEMP_MARKER), create);
  if (fd === undefined) return undefined;
  try {
    const isAlone = create && tryLock(fd);
    if (!isAlone) tryLock(fd, { shared: true });
    return {
      isAlone,
      isOwn: () => {
        const content = Buffer.alloc(OWN.length);
        return readSync(fd, content, 0, OWN.length, 0) === OWN.length && `${content}` === OWN;
      },
      markOwn: () => void writeSync(fd, OWN, 0),
      share: () => {
        if (isAlone) tryDowngradeLock(fd);
      },
      release: () => closeSync(fd),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openMarker(path: string, create: boolean): number | undefined {
  const flags = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  try {
    return openSync(path, flags | (create ? constants.O_CREAT : 0));
  } catch (error) {
    if (!create && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
