// Renews the lease of a running job.
import { setTimeout as sleep } from 'node:timers/promises';
import type { HeldJob } from '../jobs/job-types.ts';
import type { WorkerTools } from './worker-tools.ts';

/** Renewals in the time of a lease. */
const RENEWALS = 5;

/**
 * Renews the lease until the returned function is called. Calls `stop` when the job was
 * interrupted, and when another worker holds it or may hold it by now.
 */
export function renewLeaseRegularly(
  job: HeldJob,
  { jobs, leaseSeconds, onProblem }: Pick<WorkerTools, 'jobs' | 'leaseSeconds' | 'onProblem'>,
  stop: (reason: 'interrupt' | 'lost') => void,
): () => void {
  const leaseMs = leaseSeconds * 1000;
  let isEnded = false;
  let renewedAt = performance.now();

  const renew = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      const state = await jobs.renewLease(job);
      if (isEnded) return;
      if (state !== 'held') stop(state === 'interrupted' ? 'interrupt' : 'lost');
      renewedAt = startedAt;
    } catch (error) {
      onProblem('the lease of a job can’t be renewed', error);
      if (performance.now() - renewedAt > leaseMs) stop('lost');
    }
  };
  const run = async (): Promise<void> => {
    while (!isEnded) {
      await sleep(leaseMs / RENEWALS, undefined, { ref: false });
      if (!isEnded) await renew();
    }
  };
  void run();
  return () => {
    isEnded = true;
  };
}
