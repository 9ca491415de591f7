// How much memory another process holds, and when an engine has grown enough to be replaced.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const PAGE = 4096;
const GROWTH = 1.25;

/** Resident bytes of a process; undefined where the system does not tell. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    if (process.platform === 'linux')
      return Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]) * PAGE;
    if (process.platform === 'win32') return undefined;
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
    return Number(stdout.trim()) * 1024 || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Says after each job whether the process is to be replaced: above the limit, and a quarter more than it held after its first job,
 * so that one job that needs much does not cost the networks that the next one uses.
 */
export function growthWatch(
  maxBytes: number,
): (pid: number | undefined, bytes: number | undefined) => boolean {
  let watched: number | undefined;
  let first = 0;
  return (pid, bytes) => {
    if (pid === undefined || bytes === undefined) return false;
    if (pid !== watched) {
      watched = pid;
      first = bytes;
    }
    return bytes > maxBytes && bytes > first * GROWTH;
  };
}
