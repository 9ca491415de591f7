// What happened, in order: written to a file, and kept for the trail of a violation.
import { appendFileSync, writeFileSync } from 'node:fs';

export interface EventLog {
  /** `about` names what the event belongs to: a job's id, a process. */
  event(what: string, about?: string): void;
  /** Something that must not happen. Prints it with the events that led to it. */
  violation(what: string, about?: string): void;
  readonly violations: readonly string[];
}

interface Entry {
  readonly line: string;
  readonly about?: string;
}

const LATEST = 5000;
const TRAIL = 25;
const PRINTED_VIOLATIONS = 20;

export function createEventLog(file: string): EventLog {
  writeFileSync(file, '');
  const started = performance.now();
  const latest: Entry[] = [];
  const violations: string[] = [];

  const add = (what: string, about?: string): void => {
    const seconds = ((performance.now() - started) / 1000).toFixed(3).padStart(9);
    const line = `${seconds} ${about ?? '-'} ${what}`;
    latest.push({ line, about });
    if (latest.length > LATEST) latest.shift();
    appendFileSync(file, `${line}\n`);
  };
  /** The last events, those of `about` and those that concern everything. */
  const trail = (about?: string): string[] => {
    const related = latest.filter(
      (entry) => entry.about === about || !entry.about?.startsWith('j'),
    );
    return related.slice(-TRAIL).map(({ line }) => `    ${line}`);
  };
  return {
    event: add,
    violation: (what, about) => {
      add(`VIOLATION: ${what}`, about);
      violations.push(about === undefined ? what : `${about}: ${what}`);
      if (violations.length > PRINTED_VIOLATIONS) return;
      console.error(`VIOLATION ${about ?? ''} ${what}\n${trail(about).join('\n')}`);
    },
    violations,
  };
}
