// Failed jobs in the log: an operator learns why without asking each client.
import type { Queue } from '../queue/contract.ts';
import type { Logs } from './http/logs.ts';

/** Logs each job of the queue that fails, with its error. Returns what ends it. */
export const logFailedJobs = (queue: Queue, { logger }: Logs): (() => void) =>
  queue.subscribe((event) => {
    if (event.type !== 'ended' || event.state !== 'error') return;
    const { promptId } = event;
    void queue.status(promptId).then(
      (status) =>
        logger.info({ promptId, error: JSON.parse(status?.error ?? 'null') }, 'job failed'),
      (err) => logger.info({ promptId, err }, 'job failed'),
    );
  });
