// One process per folder. An advisory lock of the operating system on the file `lock.held` decides
// among the processes of one system, whatever containers they are in; it ends with its process,
// however that dies. Machines that share the folder through a file system without shared locks tell
// each other by the file `lock` (lock-record.ts) that its holder is awake.
import { randomUUID } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DarkroomError } from '../../errors.ts';
import { isRunning, PLACE } from '../../writer-identity.ts';
import {
  describeHolder,
  type LockRecord,
  readRecord,
  recordOfThisProcess,
  touchRecord,
  writeRecord,
} from './lock-record.ts';

export interface FolderLock {
  /**
   * Throws DR_DATABASE when another machine has taken the folder while this process did not run.
   * To be called before each write; reads the record only when the last time is long ago.
   */
  check(): void;
  unlock(): void;
}

export interface FolderLockOptions {
  /** Is called once when `check` would throw. */
  readonly onLost?: (error: DarkroomError) => void;
  /** How often the holder shows that it is awake (2000). */
  readonly beatMs?: number;
}

const BEAT_MS = 2000;
/** A holder on another machine that misses this many beats is dead or suspended. */
const MISSED_BEATS = 4;
const MAX_ATTEMPTS = 10;
const RECORD_MS = 200;

/** Locks a folder. Throws DR_DATABASE when another process holds it, else system errors. */
export async function lockFolder(
  folder: string,
  { onLost = () => undefined, beatMs = BEAT_MS }: FolderLockOptions = {},
): Promise<FolderLock> {
  const fd = await openLocked(folder);
  try {
    const record = recordOfThisProcess(randomUUID());
    const wasElsewhere = await checkRecord(folder, beatMs);
    writeRecord(folder, record);
    // two machines may have waited for the same dead one
    if (wasElsewhere) await sleep(beatMs);
    const found = readRecord(folder)?.record;
    if (found?.token !== record.token) throw inUse(folder, found);
    return hold(folder, fd, record, beatMs, onLost);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Opens and locks the file `lock.held`; returns its descriptor. Throws when it is locked. */
async function openLocked(folder: string): Promise<number> {
  const path = join(folder, 'lock.held');
  for (let attempt = 1; ; attempt++) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT);
    try {
      if (!(await tryLock(fd, folder))) {
        // the holder writes its record once it has the lock
        if (!readHolder(folder)) await sleep(RECORD_MS);
        throw inUse(folder, readHolder(folder));
      }
      // a file that was removed meanwhile locks nothing
      const opened = fstatSync(fd);
      const current = statSync(path, { throwIfNoEntry: false });
      if (current?.ino === opened.ino && current.dev === opened.dev) return fd;
      if (attempt === MAX_ATTEMPTS) throw new Error(`${path} is removed again and again`);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
}

/** The record of a process that has not released the folder. */
function readHolder(folder: string): LockRecord | undefined {
  const record = readRecord(folder)?.record;
  return record?.isReleased ? undefined : record;
}

async function tryLock(fd: number, folder: string): Promise<boolean> {
  const native = await import('fs-native-extensions');
  try {
    return native.tryLock(fd);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // systems differ in how they say that it is locked
    if (code === 'EBUSY' || code === 'EACCES') return false;
    throw new DarkroomError('DR_DATABASE', {
      message: `the database in ${folder} can't be locked: its file system has no locks (${code})`,
      hint: 'Name a folder on a local disk, or a PostgreSQL server, with --database.',
      file: folder,
      cause,
    });
  }
}

/**
 * Throws DR_DATABASE when the record names a holder that the lock does not know: Darkroom 0.1, or
 * a process of another machine that is awake. Returns whether the last holder was on another one.
 */
async function checkRecord(folder: string, beatMs: number): Promise<boolean> {
  const found = readRecord(folder);
  if (!found || found.record.isReleased) return false;
  const { kernel, pid, startTime } = found.record;
  if (kernel === undefined) {
    if (isRunning({ processes: PLACE.processes, pid, startTime }))
      throw inUse(folder, found.record);
    return false;
  }
  if (kernel === PLACE.kernel) return false;
  await sleep(MISSED_BEATS * beatMs);
  const later = readRecord(folder);
  const isAwake = later?.touched !== found.touched || later.record.token !== found.record.token;
  if (later && isAwake && !later.record.isReleased) throw inUse(folder, later.record);
  return true;
}

/** Shows regularly that this process is awake, and that the folder is still its own. */
function hold(
  folder: string,
  fd: number,
  record: LockRecord,
  beatMs: number,
  onLost: (error: DarkroomError) => void,
): FolderLock {
  let lost: DarkroomError | undefined;
  // a suspended machine may stop either clock
  let seen = { clock: performance.now(), date: Date.now() };

  const beat = (): void => {
    if (lost) return;
    const found = readRecord(folder)?.record;
    if (found && found.token !== record.token) {
      lost = takenOver(folder, found);
      clearInterval(timer);
      onLost(lost);
      return;
    }
    try {
      if (found) touchRecord(folder);
      else writeRecord(folder, record);
    } catch {
      // a full or read-only disk: the next beat may succeed
    }
    seen = { clock: performance.now(), date: Date.now() };
  };
  const timer = setInterval(beat, beatMs).unref();

  return {
    check: () => {
      const gaps = [performance.now() - seen.clock, Math.abs(Date.now() - seen.date)];
      if (Math.max(...gaps) > 2 * beatMs) beat();
      if (lost) throw lost;
    },
    unlock: () => {
      clearInterval(timer);
      if (!lost) {
        try {
          writeRecord(folder, { ...record, isReleased: true });
        } catch {
          // the lock itself ends below
        }
      }
      closeSync(fd);
    },
  };
}

const inUse = (folder: string, holder: LockRecord | undefined): DarkroomError =>
  new DarkroomError('DR_DATABASE', {
    message:
      `the database in ${folder} is used by ` +
      (holder ? describeHolder(holder) : 'another process'),
    hint: 'Stop that process, or name another folder or a PostgreSQL server with --database.',
    file: folder,
  });

const takenOver = (folder: string, holder: LockRecord): DarkroomError =>
  new DarkroomError('DR_DATABASE', {
    message:
      `the database in ${folder} was taken over by ${describeHolder(holder)} ` +
      'while this process was suspended',
    hint: 'Stop one of the two; machines that share jobs need a PostgreSQL server (--database).',
    file: folder,
  });
