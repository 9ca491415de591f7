// What is known of every job that was sent: whether it was accepted, what was asked for it, how it
// was reported to have ended.
import type { PlannedJob } from './job-kinds.ts';

export type End = 'success' | 'error' | 'interrupted' | 'removed';

export interface JobRecord {
  /** `j1`, `j2` …: the folder of its outputs, its idempotency key and a part of its id. */
  readonly name: string;
  readonly promptId: string;
  readonly plan: PlannedJob;
  readonly clientId: string;
  readonly sentAt: number;
  readonly webhook?: string;
  /** True once the server responded with 200; a cut connection leaves it unknown. */
  accepted: boolean;
  /** Clients asked for the end of this job, or of all. */
  interruptAsked: boolean;
  removalAsked: boolean;
  /** It was deleted from the history on request. */
  deleted: boolean;
  end?: End;
  endedAt?: number;
  /** The ends that sockets reported. */
  readonly reported: Map<string, number>;
  /** The states that its webhook was called with, and how often it was called. */
  readonly webhookStates: Set<string>;
  webhookCalls: number;
  filesChecked: boolean;
}

/** A time in which something was broken, in ms of `performance.now()`. */
export interface Incident {
  readonly kind: 'death' | 'pause' | 'database' | 'disk' | 'store' | 'interrupt' | 'clear';
  readonly from: number;
  to: number;
}

export interface JobBook {
  /** By prompt id. */
  readonly jobs: ReadonlyMap<string, JobRecord>;
  /** Jobs that were checked and deleted from the history, by prompt id. */
  readonly archived: ReadonlyMap<string, JobRecord>;
  archive(job: JobRecord): void;
  add(job: Pick<JobRecord, 'name' | 'promptId' | 'plan' | 'clientId' | 'webhook'>): JobRecord;
  /** The next name of a job. */
  nextName(): string;
  /** Jobs that may still be waiting or running. */
  open(): JobRecord[];
  /** Begins an incident; call the result when it is over, with false if nothing happened. */
  begin(kind: Incident['kind']): (happened?: boolean) => void;
  /** Whether an incident of these kinds goes on, or has just ended. */
  isRecent(...kinds: readonly Incident['kind'][]): boolean;
  /** Whether an incident of these kinds fell into the life of a job. */
  hit(job: JobRecord, ...kinds: readonly Incident['kind'][]): boolean;
  /** The number of incidents of these kinds in the life of a job. */
  hits(job: JobRecord, ...kinds: readonly Incident['kind'][]): number;
}

/** Effects of an incident may show up this much later. */
const AFTERMATH_MS = 20_000;

export function createJobBook(): JobBook {
  const jobs = new Map<string, JobRecord>();
  const archived = new Map<string, JobRecord>();
  const incidents: Incident[] = [];
  let count = 0;
  const hits: JobBook['hits'] = (job, ...kinds) =>
    incidents.filter(
      ({ kind, from, to }) =>
        kinds.includes(kind) &&
        from <= (job.endedAt ?? Number.POSITIVE_INFINITY) &&
        to + AFTERMATH_MS >= job.sentAt,
    ).length;
  return {
    jobs,
    archived,
    archive: (job) => {
      jobs.delete(job.promptId);
      archived.set(job.promptId, job);
    },
    nextName: () => `j${++count}`,
    add: (job) => {
      const record: JobRecord = {
        ...job,
        sentAt: performance.now(),
        ...{ accepted: false, interruptAsked: false, removalAsked: false, deleted: false },
        ...{ reported: new Map(), webhookStates: new Set(), webhookCalls: 0, filesChecked: false },
      };
      jobs.set(job.promptId, record);
      return record;
    },
    open: () => [...jobs.values()].filter(({ end, deleted }) => end === undefined && !deleted),
    begin: (kind) => {
      const incident: Incident = { kind, from: performance.now(), to: Number.POSITIVE_INFINITY };
      incidents.push(incident);
      return (happened = true) => {
        incident.to = happened ? performance.now() : Number.NEGATIVE_INFINITY;
      };
    },
    isRecent: (...kinds) =>
      incidents.some(
        ({ kind, to }) => kinds.includes(kind) && to + AFTERMATH_MS >= performance.now(),
      ),
    hits,
    hit: (job, ...kinds) => hits(job, ...kinds) > 0,
  };
}
