// Renews the lease of a running job.
import { setTimeout as sleep } from 'node:timers/promises';
import { type AwakeTimeout, awakeTimeout } from '../awake-timeout.ts';
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
  let isOverdue = false;
  // a suspended process asks before it gives up: mostly, its job is still there
  const startLimit = (): AwakeTimeout =>
    awakeTimeout(() => {
      isOverdue = true;
    }, leaseMs);
  let limit = startLimit();

  const renew = async (): Promise<void> => {
    const next = startLimit();
    try {
      const state = await jobs.renewLease(job);
      limit.cancel();
      limit = next;
      isOverdue = false;
      if (isEnded) return;
      if (state !== 'held') stop(state === 'interrupted' ? 'interrupt' : 'lost');
    } catch (error) {
      next.cancel();
      onProblem('the lease of a job can’t be renewed', error);
      if (isOverdue) stop('lost');
    }
  };
  const run = async (): Promise<void> => {
    while (!isEnded) {
      await sleep(leaseMs / RENEWALS, undefined, { ref: false });
      if (!isEnded) await renew();
    }
  };
  void run().finally(() => limit.cancel());
  return () => {
    isEnded = true;
  };
}
