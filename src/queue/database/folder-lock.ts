// One process per folder: a lock file that names its owner, and that no longer counts once that
// process has died.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { isAlive } from '../../storage/atomic-write.ts';

const MAX_ATTEMPTS = 10;

/**
 * Locks a folder and returns a function that unlocks it. Throws DR_DATABASE when a living process
 * has locked it.
 */
export function lockFolder(folder: string): () => void {
  const lockFile = join(folder, 'lock');
  const owner = `${process.pid} ${startTimeOf(process.pid)}`;
  const temporary = join(folder, `lock.${process.pid}`);
  writeFileSync(temporary, owner);
  try {
    // a link can't replace a file, so only one process succeeds
    for (let attempt = 0; !tryLink(temporary, lockFile, attempt >= MAX_ATTEMPTS); attempt++) {
      const [pid, startTime] = readOr(lockFile, '').split(' ');
      if (pid !== '' && isAlive(Number(pid)) && startTimeOf(Number(pid)) === startTime)
        throw new DarkroomError('DR_DATABASE', {
          message: `the database in ${folder} is used by process ${pid}`,
          hint: 'Stop that process, or name another folder or a PostgreSQL server with --database.',
          file: folder,
        });
      rmSync(lockFile, { force: true });
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  return () => {
    if (readOr(lockFile, '') === owner) rmSync(lockFile, { force: true });
  };
}

/** False when `path` exists already, unless this is the last attempt: then that throws too. */
function tryLink(existing: string, path: string, isLast: boolean): boolean {
  try {
    linkSync(existing, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || isLast) throw error;
    return false;
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

/**
 * When a process started, in clock ticks since the system's start; empty where /proc does not
 * exist. Process ids are used again by later processes.
 */
const startTimeOf = (pid: number): string =>
  readOr(`/proc/${pid}/stat`, '')
    .replace(/^.*\) /s, '')
    .split(' ')[19] ?? '';
