// What Linux knows about processes: children, memory, open files, processor time.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const MB = 2 ** 20;
const TICKS_PER_SECOND = 100;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};

/** The engine process of a server or worker; undefined when none runs. */
export function engineOf(pid: number): number | undefined {
  return childrenOf(pid).find((child) => /engine.process/.test(read(`/proc/${child}/cmdline`)));
}

/** The child processes of a process. */
export const childrenOf = (pid: number): number[] =>
  read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);

/** Whether a process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(read(`/proc/${pid}/status`))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Resident memory in MB; undefined for a process that has ended. */
export function residentMegabytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / MB;
}

/** What the open files of a process are: paths, `socket:` and so on; numbers are removed. */
export function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(`${folder}/${name}`).replace(/\[\d+\]$/, '')];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** Processor time in seconds of a process and its children that have ended. */
export function processorSeconds(pid: number): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /, '')
    .split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (Number.isNaN(ticks) ? 0 : ticks) / TICKS_PER_SECOND;
}
