// Waits for the ends of jobs. The events of the bus announce them; the database is read as well,
// since an event may be lost. A database that can't be reached for a while is waited for, as the
// workers do, whose job goes on meanwhile.
import { DarkroomError, interrupted } from '../errors.ts';
import type { Bus } from './bus.ts';
import type { JobStatus } from './contract.ts';
import type { OnProblem, Sql } from './database/database.ts';
import { statusOf } from './history.ts';
import { createPause, type Pause } from './pause.ts';

export interface EndWaiter {
  /** See `Queue.waitForEnd`. */
  wait(promptId: string, signal?: AbortSignal): Promise<JobStatus | undefined>;
  /** Interrupts all waits. */
  close(): void;
}

export interface EndWaiterOptions {
  readonly sql: Sql;
  readonly bus: Bus;
  /** How often the database is read. */
  readonly pollMs: number;
  /** How long a wait goes on while the database can't be reached (60 s). */
  readonly patienceMs?: number;
  readonly onProblem: OnProblem;
}

const PATIENCE_MS = 60_000;

export function createEndWaiter(options: EndWaiterOptions): EndWaiter {
  const { sql, bus, pollMs } = options;
  const pauses = new Set<Pause>();
  let isClosed = false;

  const wait: EndWaiter['wait'] = async (promptId, signal) => {
    const pause = createPause();
    let hasEnded = false;
    const onEnded = (): void => {
      hasEnded = true;
      pause.end();
    };
    const unsubscribe = bus.subscribe((call) => {
      if (call.type === 'event' && call.event.type === 'ended' && call.event.promptId === promptId)
        onEnded();
    });
    pauses.add(pause);
    signal?.addEventListener('abort', pause.end);
    const read = createPatientRead(() => statusOf(sql, promptId), options);
    try {
      for (;;) {
        if (signal?.aborted) throw interrupted();
        hasEnded = false;
        const answer = await read();
        if (answer && (!answer.status || answer.status.endedAt)) return answer.status;
        if (isClosed) throw interrupted();
        // an end that was announced meanwhile is read at once
        if (!hasEnded && !signal?.aborted) await pause.wait(pollMs);
        if (isClosed) throw interrupted();
      }
    } finally {
      signal?.removeEventListener('abort', pause.end);
      pauses.delete(pause);
      unsubscribe();
    }
  };
  return {
    wait,
    close: () => {
      isClosed = true;
      for (const pause of pauses) pause.end();
    },
  };
}

/** Returns undefined instead of an answer for a while when the database can't be reached. */
function createPatientRead(
  read: () => Promise<JobStatus | undefined>,
  { patienceMs = PATIENCE_MS, onProblem }: EndWaiterOptions,
): () => Promise<{ readonly status: JobStatus | undefined } | undefined> {
  let failingSince: number | undefined;
  return async () => {
    try {
      const status = await read();
      failingSince = undefined;
      return { status };
    } catch (error) {
      if (!(error instanceof DarkroomError && error.code === 'DR_DATABASE')) throw error;
      failingSince ??= performance.now();
      if (performance.now() - failingSince >= patienceMs) throw error;
      onProblem('the end of a job can’t be read yet', error);
      return undefined;
    }
  };
}
