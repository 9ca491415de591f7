// What the functions on jobs take and return.
import type { AcceptedJob, EndState, NewJob, QueueCounts } from '../contract.ts';
import type { Database } from '../database/database.ts';
import type { Boss } from '../pg-boss.ts';

/** A job that an attempt holds. */
export interface HeldJob {
  /** Its id in the database and in pg-boss. */
  readonly ticket: string;
  /** The id of this attempt. */
  readonly attempt: string;
  readonly promptId: string;
  readonly number: number;
  readonly clientId?: string;
  readonly prompt: string;
  readonly extra: string;
  readonly outputs: readonly string[];
  /** Starts so far, this one included. */
  readonly attempts: number;
  /** It was interrupted while an earlier attempt held it. */
  readonly isInterrupted: boolean;
}

/** What is stored when a job ends: parts of the history's JSON. */
export interface JobResult {
  readonly state: Exclude<EndState, 'removed'>;
  readonly outputs: string;
  readonly meta: string;
  readonly status: string;
  readonly error?: string;
}

/**
 * What the renewal of a lease finds. A job that is `lost` is held by another attempt, or has ended.
 */
export type LeaseState = 'held' | 'interrupted' | 'lost';

export interface RemovedJob {
  readonly promptId: string;
  readonly clientId?: string;
}

export interface Jobs {
  /** Throws DR_QUEUE_FULL when `limit` jobs are pending. */
  add(job: NewJob, limit: number | undefined): Promise<AcceptedJob>;
  /** Takes the next job for a worker; undefined when none is due. */
  take(worker: string): Promise<HeldJob | undefined>;
  renewLease(job: HeldJob): Promise<LeaseState>;
  /**
   * Releases a job, so that it is started again. `countsAsAttempt` is false when it was not the
   * job's fault. Returns false when the job was no longer held.
   */
  release(job: HeldJob, countsAsAttempt: boolean): Promise<boolean>;
  /** Ends a job. Returns false when it was no longer held. */
  finish(job: HeldJob, result: JobResult): Promise<boolean>;
  /** Removes pending jobs, all of them without ids; returns those that were removed. */
  remove(promptIds?: readonly string[]): Promise<readonly RemovedJob[]>;
  /** Marks running jobs as interrupted, all of them without an id; returns their ids. */
  interrupt(promptId?: string): Promise<readonly string[]>;
  counts(): Promise<QueueCounts>;
  /** Releases every running job: their processes have died. */
  releaseAll(): Promise<void>;
  /** The time of the database in milliseconds since 1970. */
  time(): Promise<number>;
  /**
   * Makes jobs of dead workers due again and deletes what is too old. Returns whether any job
   * became due.
   */
  maintain(options: MaintainOptions): Promise<boolean>;
}

export interface MaintainOptions {
  /** How many ended jobs are kept. */
  readonly historyLimit: number;
  /** How many bytes their texts may have together (1 GiB). */
  readonly historyBytes?: number;
  /** Whether the time of the database says which leases have ended (see ClockWatch). */
  readonly isClockSettled: boolean;
  /** The jobs that this process runs: their leases don't end. */
  readonly held: Iterable<HeldJob>;
}

/** Where the functions on jobs work. */
export interface JobTables {
  readonly database: Database;
  readonly boss: Boss;
  readonly leaseSeconds: number;
}
