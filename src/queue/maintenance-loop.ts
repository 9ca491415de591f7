// Maintains the jobs of a queue from time to time (see `Jobs.maintain`).
import type { Bus } from './bus.ts';
import type { OnProblem } from './database/database.ts';
import type { Jobs } from './jobs/job-types.ts';
import { createPause } from './pause.ts';

export interface MaintenanceOptions {
  readonly jobs: Pick<Jobs, 'maintain'>;
  readonly bus: Pick<Bus, 'send'>;
  readonly leaseSeconds: number;
  readonly historyLimit: number;
  readonly onProblem: OnProblem;
  readonly announceCounts: () => Promise<void>;
}

const MIN_INTERVAL_MS = 500;

/** Starts with the first maintenance; the others follow five times in the time of a lease. */
export function startMaintenance(options: MaintenanceOptions): { close(): Promise<void> } {
  const { jobs, bus, leaseSeconds, historyLimit, onProblem, announceCounts } = options;
  const intervalMs = Math.max(MIN_INTERVAL_MS, (leaseSeconds * 1000) / 5);
  const pause = createPause();
  let isClosed = false;
  const run = async (): Promise<void> => {
    while (!isClosed) {
      try {
        if (await jobs.maintain(historyLimit)) {
          await bus.send({ type: 'wake' });
          await announceCounts();
        }
      } catch (error) {
        onProblem('the maintenance of the queue failed', error);
      }
      if (!isClosed) await pause.wait(intervalMs, { ref: false });
    }
  };
  const running = run();
  return {
    close: async () => {
      isClosed = true;
      pause.end();
      await running;
    },
  };
}
