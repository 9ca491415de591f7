// What workers need of their queue.
import type { Bus } from '../bus.ts';
import type { OnProblem } from '../database/database.ts';
import type { HeldJob, Jobs } from '../jobs/job-types.ts';

export interface WorkerTools {
  readonly jobs: Jobs;
  readonly bus: Bus;
  /** The jobs that this process runs. */
  readonly held: Set<HeldJob>;
  /** Attempts after the first when the process of a job died. */
  readonly retries: number;
  readonly leaseSeconds: number;
  /** How often the database is polled for jobs that no call announced. */
  readonly pollMs: number;
  readonly onProblem: OnProblem;
  /** Whether a client of this process receives the previews of a job. */
  readonly hasPreviewClient: (job: { readonly clientId?: string }) => boolean;
  /** There are no other processes. */
  readonly isAlone: boolean;
  /** Announces that the queue's length has changed. */
  readonly announceCounts: () => Promise<void>;
}
