// Maintains the jobs of a queue from time to time (see `Jobs.maintain`).
import type { Bus } from './bus.ts';
import { createClockWatch } from './clock-watch.ts';
import type { OnProblem } from './database/database.ts';
import type { HeldJob, Jobs } from './jobs/job-types.ts';
import { createPause } from './pause.ts';

export interface MaintenanceOptions {
  readonly jobs: Pick<Jobs, 'maintain' | 'time'>;
  readonly bus: Pick<Bus, 'send'>;
  readonly leaseSeconds: number;
  readonly historyLimit: number;
  /** The jobs that this process runs. */
  readonly held: ReadonlySet<HeldJob>;
  readonly onProblem: OnProblem;
  readonly announceCounts: () => Promise<void>;
}

const MIN_INTERVAL_MS = 500;

/** Starts with the first maintenance; the others follow five times in the time of a lease. */
export function startMaintenance(options: MaintenanceOptions): { close(): Promise<void> } {
  const { jobs, bus, leaseSeconds, historyLimit, held, onProblem, announceCounts } = options;
  const intervalMs = Math.max(MIN_INTERVAL_MS, (leaseSeconds * 1000) / 5);
  const clock = createClockWatch(leaseSeconds * 1000, intervalMs);
  const pause = createPause();
  let isClosed = false;
  const run = async (): Promise<void> => {
    while (!isClosed) {
      try {
        const isClockSettled = clock.isSettled(await jobs.time());
        if (await jobs.maintain({ historyLimit, isClockSettled, held })) {
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
