// How much memory another process holds, and when an engine has grown enough to be replaced.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const PAGE_BYTES = 4096;
const MIN_GROWTH = 1.25;

/** The resident bytes of a process; undefined where the system does not provide them. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    if (process.platform === 'linux') {
      const pages = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1];
      return Number(pages) * PAGE_BYTES;
    }
    if (process.platform === 'win32') return undefined;
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
    return Number(stdout.trim()) * 1024 || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns a function to be called after each job with the engine's process id and resident bytes.
 * It returns whether to replace the engine: when it holds more than `maxBytes`, and a quarter more
 * than after its first job. So one job that needs much memory does not cost the networks that the
 * next one uses.
 */
export function createGrowthCheck(
  maxBytes: number,
): (pid: number | undefined, bytes: number | undefined) => boolean {
  let lastPid: number | undefined;
  let firstBytes = 0;
  return (pid, bytes) => {
    if (pid === undefined || bytes === undefined) return false;
    if (pid !== lastPid) {
      lastPid = pid;
      firstBytes = bytes;
    }
    return bytes > maxBytes && bytes > firstBytes * MIN_GROWTH;
  };
}
