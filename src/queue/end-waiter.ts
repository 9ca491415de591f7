// Waits for the ends of jobs. The events of the bus announce them; the database is read as well,
// since an event may be lost.
import { interrupted } from '../errors.ts';
import type { Bus } from './bus.ts';
import type { JobStatus } from './contract.ts';
import type { Sql } from './database/database.ts';
import { statusOf } from './history.ts';
import { createPause, type Pause } from './pause.ts';

export interface EndWaiter {
  /** See `Queue.waitForEnd`. */
  wait(promptId: string, signal?: AbortSignal): Promise<JobStatus | undefined>;
  /** Interrupts all waits. */
  close(): void;
}

/** `pollMs`: how often the database is read. */
export function createEndWaiter(sql: Sql, bus: Bus, pollMs: number): EndWaiter {
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
    try {
      for (;;) {
        if (signal?.aborted) throw interrupted();
        hasEnded = false;
        const status = await statusOf(sql, promptId);
        if (!status || status.endedAt) return status;
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
