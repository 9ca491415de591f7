// The jobs in the database: their rows, states and numbers. Every change of a state is one
// transaction that includes pg-boss's part of it. It applies only to the state, and to the attempt,
// that it is meant for, so that each job ends once.
import type { QueueCounts } from '../contract.ts';
import { addJob } from './add-job.ts';
import { finishJob, interruptJobs, removeJobs } from './end-job.ts';
import type { Jobs, JobTables } from './job-types.ts';
import { releaseJob, renewLease, takeJob } from './lease.ts';
import { databaseTime, maintainJobs, releaseAllJobs } from './maintenance.ts';

export const createJobs = (tables: JobTables): Jobs => ({
  add: (job, limit) => addJob(tables, job, limit),
  take: (worker) => takeJob(tables, worker),
  renewLease: (job) => renewLease(tables, job),
  release: (job, countsAsAttempt) => releaseJob(tables, job, countsAsAttempt),
  finish: (job, result) => finishJob(tables, job, result),
  remove: (promptIds) => removeJobs(tables, promptIds),
  interrupt: (promptId) => interruptJobs(tables, promptId),
  counts: () => countJobs(tables),
  releaseAll: () => releaseAllJobs(tables),
  time: () => databaseTime(tables),
  maintain: (options) => maintainJobs(tables, options),
});

async function countJobs({ database }: JobTables): Promise<QueueCounts> {
  const { rows } = await database.readSql<{ running: number; pending: number }>(
    `SELECT count(*) FILTER (WHERE state = 'running')::int AS running,
            count(*) FILTER (WHERE state = 'pending')::int AS pending
     FROM darkroom.job WHERE state IN ('pending', 'running')`,
  );
  const { running, pending } = rows[0];
  return { running, pending, remaining: running + pending };
}
