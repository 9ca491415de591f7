// One process per folder: a lock file that names its owner, and is worth nothing once that process has died.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { isAlive } from '../../storage/atomic-write.ts';

/** Takes the folder; gives a function that releases it. Throws DR_DATABASE when a living process has it. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock');
  const mine = `${process.pid} ${startOf(process.pid)}`;
  const temporary = join(folder, `lock.${process.pid}`);
  writeFileSync(temporary, mine);
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        linkSync(temporary, path);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 10) throw error;
      }
      const [pid, start] = readOr(path, '').split(' ');
      if (pid !== '' && isAlive(Number(pid)) && startOf(Number(pid)) === start)
        throw new DarkroomError('DR_DATABASE', {
          message: `the database in ${folder} is used by process ${pid}`,
          hint: 'Stop that process, or name another folder or a PostgreSQL server with --database.',
          file: folder,
        });
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  return () => {
    if (readOr(path, '') === mine) rmSync(path, { force: true });
  };
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

/** When a process started, where the system tells it: a number is used again by later processes. */
const startOf = (pid: number): string =>
  readOr(`/proc/${pid}/stat`, '')
    .replace(/^.*\) /s, '')
    .split(' ')[19] ?? '';
