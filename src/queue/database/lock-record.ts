// The file `lock` in the folder of an embedded database: who holds the folder, and a modification
// time that says that the holder was awake then.
import { closeSync, fstatSync, openSync, readFileSync, renameSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeAtomic } from '../../storage/atomic-write.ts';
import { PLACE, startTimeOf } from '../../writer-identity.ts';

/** Who holds, or held, a folder. */
export interface LockRecord {
  readonly pid: number;
  readonly startTime: string;
  /** The rest is missing in records of Darkroom 0.1. */
  readonly host?: string;
  /** The running system, see PLACE. */
  readonly kernel?: string;
  /** ISO 8601. */
  readonly since?: string;
  /** A random name of this one hold. */
  readonly token?: string;
  readonly isReleased?: boolean;
}

const FILE = 'lock';

export const recordOfThisProcess = (token: string): LockRecord => ({
  pid: process.pid,
  startTime: startTimeOf(process.pid) ?? '',
  host: hostname(),
  kernel: PLACE.kernel,
  since: new Date().toISOString(),
  token,
});

/** Darkroom 0.1 reads the first two words, and leaves a folder alone whose process they name. */
export function writeRecord(folder: string, record: LockRecord): void {
  const { pid, startTime, ...rest } = record;
  const text = Buffer.from(`${pid} ${startTime} ${JSON.stringify(rest)}\n`);
  writeAtomic(folder, FILE, text, (temporary) => renameSync(temporary, join(folder, FILE)));
}

/** `touched` is the modification time in milliseconds; undefined when there is no record. */
export function readRecord(
  folder: string,
): { readonly record: LockRecord; readonly touched: number } | undefined {
  try {
    // a network file system has the newest attributes of a file that was just opened
    const fd = openSync(join(folder, FILE), 'r');
    try {
      const [, pid, startTime, rest] = /^(\d+) (\d*)(?: (\{.*\}))?\s*$/.exec(
        readFileSync(fd, 'utf8'),
      )!;
      const record = { ...JSON.parse(rest ?? '{}'), pid: Number(pid), startTime };
      return { record, touched: fstatSync(fd).mtimeMs };
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

export function touchRecord(folder: string): void {
  const now = new Date();
  utimesSync(join(folder, FILE), now, now);
}

/** `process 12 on the host studio, since 2026-11-29T10:00:00.000Z`. */
export const describeHolder = ({ pid, host, since }: LockRecord): string =>
  `process ${pid}` +
  (host === undefined ? '' : ` on the host ${host}`) +
  (since === undefined ? '' : `, since ${since}`);
