// Which process wrote a file, in a form that other processes can judge: process ids alone mean
// nothing outside one container or machine, and are used again by later processes.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

const hashOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8);

/** Identities of this process, 8 hexadecimal digits each. */
interface Place {
  /** Equal for the processes of one running system, in whichever container. */
  readonly kernel: string;
  /** Equal for the processes that see each other's process ids. */
  readonly processes: string;
}

/**
 * Linux says all of it in /proc. Where /proc is missing or shows other processes' ids, no other
 * process can be judged: the identity is random. Elsewhere the name of the machine decides.
 */
function findPlace(): Place {
  if (process.platform !== 'linux') {
    const machine = hashOf(hostname());
    return { kernel: machine, processes: machine };
  }
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    if (readlinkSync('/proc/self') !== String(process.pid)) throw new Error('foreign /proc');
    return { kernel: hashOf(boot), processes: hashOf(boot, readlinkSync('/proc/self/ns/pid')) };
  } catch {
    const unknown = randomBytes(4).toString('hex');
    return { kernel: unknown, processes: unknown };
  }
}

export const PLACE: Place = findPlace();

/**
 * When a process started, in clock ticks since the system's start; empty for one that has ended
 * but still has an id (a zombie), undefined where this can't be read.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' || state === 'X' ? '' : fields[18];
  } catch {
    return undefined;
  }
}

const START_TIME = startTimeOf(process.pid);

/** The writer of a file, for its name: `PLACE-PID` or `PLACE-PID-STARTTIME`. */
export const WRITER = [PLACE.processes, process.pid, START_TIME ?? []].flat().join('-');

let written = 0;
const MAX_NAME_BYTES = 100;

/**
 * Returns a new path in `folder` for a file of this process, which removeAbandoned of
 * storage/atomic-write.ts removes once the process has died.
 */
export function temporaryPath(folder: string, name: string): string {
  // names are limited in bytes; of one name there may be several at a time
  const start = Buffer.from(name).subarray(0, MAX_NAME_BYTES).toString();
  return join(folder, `.${start}.${threadId}-${written++}.tmp-${WRITER}`);
}

export interface Writer {
  readonly processes: string;
  readonly pid: number;
  /** As startTimeOf returns it. */
  readonly startTime: string;
}

/** Reads a text in the form of WRITER; undefined when it has another. */
export function parseWriter(text: string): Writer | undefined {
  const [, processes, pid, startTime = ''] =
    /^([0-9a-f]{8})-([1-9]\d{0,9})(?:-(\d{1,20}))?$/.exec(text) ?? [];
  return processes === undefined ? undefined : { processes, pid: Number(pid), startTime };
}

/**
 * Returns whether a writer still runs; undefined for one of which nothing is known here: in another
 * container, on another machine, or hidden.
 */
export function isRunning({ processes, pid, startTime }: Writer): boolean | undefined {
  if (processes !== PLACE.processes) return undefined;
  if (!hasProcess(pid)) return false;
  if (process.platform !== 'linux') return true;
  const current = startTimeOf(pid);
  return current === undefined ? undefined : current === startTime;
}

/** Returns whether there is a process with this id here, be it a zombie. */
function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
