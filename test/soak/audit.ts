// Checks jobs against what the server and the store say: each accepted job ends once, with the
// files that its history names, and each of these files is whole.
import sharp from 'sharp';
import type { EventLog } from './event-log.ts';
import { askJson } from './http-request.ts';
import type { Installation } from './installation.ts';
import type { End, JobBook, JobRecord } from './job-book.ts';

interface JobAnswer {
  readonly state: 'pending' | 'running' | End;
  readonly attempts: number;
  readonly error: { readonly code?: string; readonly message?: string } | null;
}

interface HistoryAnswer {
  readonly status: { readonly status_str: string };
  readonly outputs: Readonly<
    Record<string, { readonly images?: readonly { readonly filename: string }[] }>
  >;
}

/** Codes of errors that an incident explains. */
const EXPLAINED: Readonly<Record<string, Parameters<JobBook['hit']>[1][]>> = {
  DR_OUTPUT_UNWRITABLE: ['disk'],
  DR_FILE_UNREADABLE: ['disk', 'store'],
  DR_IMAGE_UNREADABLE: ['disk'],
  DR_STORAGE: ['store', 'disk', 'pause'],
  DR_DATABASE: ['disk', 'database'],
  DR_ENGINE_CRASHED: ['death', 'disk'],
};

/** How long a request whose connection broke may still be handled. */
const UNSURE_MS = 60_000;

export interface Audit {
  /** Looks at all jobs that have not been seen to end. Returns how many are still open. */
  pass(): Promise<number>;
  /** Looks again at jobs that ended: their end must not have changed. */
  recheck(jobs: readonly JobRecord[]): Promise<void>;
}

/** What is checked, and where violations are written. */
interface Audited {
  readonly place: Installation;
  readonly book: JobBook;
  readonly log: EventLog;
}

export function createAudit(place: Installation, book: JobBook, log: EventLog): Audit {
  const soak: Audited = { place, book, log };
  return {
    pass: async () => {
      for (const job of book.open()) await look(soak, job);
      for (const job of book.jobs.values())
        if (job.end !== undefined && job.end !== 'removed' && !job.filesChecked && !job.deleted)
          await checkFiles(soak, job).catch(() => undefined);
      return book.open().filter(({ accepted }) => accepted).length;
    },
    recheck: async (jobs) => {
      for (const job of jobs) {
        checkReports(soak, job);
        if (job.deleted) continue;
        const answer = await statusOf(soak, job);
        if (answer === 'missing') log.violation(`ended as ${job.end}, and was lost`, job.name);
        else if (answer && answer.state !== job.end)
          log.violation(`ended as ${job.end}, and is ${answer.state} now`, job.name);
      }
    },
  };
}

async function statusOf(
  { place }: Audited,
  job: JobRecord,
): Promise<JobAnswer | 'missing' | undefined> {
  try {
    const { status, value } = await askJson<JobAnswer>(`${place.address}/jobs/${job.promptId}`);
    if (status === 404) return 'missing';
    return status === 200 ? value : undefined;
  } catch {
    return undefined;
  }
}

function checkEnd(
  { book, log }: Audited,
  job: JobRecord,
  { state, attempts, error }: JobAnswer,
): void {
  if (state === 'interrupted' && !job.interruptAsked && !book.hit(job, 'interrupt'))
    log.violation('was interrupted, which nobody asked for', job.name);
  if (state === 'removed' && !job.removalAsked && !book.hit(job, 'clear'))
    log.violation('was removed, which nobody asked for', job.name);
  if (state === 'success' && job.plan.fails)
    log.violation('succeeded though its picture is broken', job.name);
  if (state !== 'error' || job.plan.fails) return;
  const explanations = EXPLAINED[error?.code ?? ''] ?? [];
  if (explanations.length > 0 && book.hit(job, ...explanations)) return;
  log.violation(`failed at attempt ${attempts}: ${JSON.stringify(error)}`, job.name);
}

async function checkFiles(soak: Audited, job: JobRecord): Promise<void> {
  const { place, log } = soak;
  const { value } = await askJson<Record<string, HistoryAnswer>>(
    `${place.address}/history/${job.promptId}`,
  );
  const entry = value[job.promptId];
  if (!entry) {
    if (!job.deleted) log.violation(`ended as ${job.end}, and is not in the history`, job.name);
    return;
  }
  const expected = job.end === 'success' ? 'success' : 'error';
  if (entry.status.status_str !== expected)
    log.violation(`is ${entry.status.status_str} in the history`, job.name);
  const { node, files: count } = job.plan.saves;
  const named = (entry.outputs[node]?.images ?? []).map(
    ({ filename }) => `output/${job.name}/${filename}`,
  );
  const files = place.outputs.ofJob(job.name).filter((name) => !isTemporary(name));
  if (job.end === 'success' && named.length !== count)
    log.violation(`has ${named.length} outputs in place of ${count}`, job.name);
  for (const name of named)
    if (!files.includes(name)) log.violation(`${name} is in the history only`, job.name);
  checkExtraFiles(soak, job, named, files);
  for (const name of files) await checkPicture(soak, job, name);
  job.filesChecked = true;
}

/** An attempt that was cut short may have saved before; nothing else saves twice. */
function checkExtraFiles(
  { book, log }: Audited,
  job: JobRecord,
  named: readonly string[],
  files: readonly string[],
): void {
  const extra = files.filter((name) => !named.includes(name));
  const cuts = book.hits(job, 'death', 'pause', 'database', 'disk', 'store');
  const unfinished = job.end === 'success' ? 0 : 1;
  if (extra.length > (cuts + unfinished) * job.plan.saves.files)
    log.violation(`saved ${extra.join(', ')} besides its outputs`, job.name);
}

async function checkPicture({ place, log }: Audited, job: JobRecord, name: string): Promise<void> {
  const bytes = place.outputs.read(name);
  if (!bytes) return;
  try {
    const { info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    if (info.width !== job.plan.width)
      log.violation(`${name} is ${info.width} pixels wide, not ${job.plan.width}`, job.name);
    if (!bytes.includes(`${job.name}/img`)) log.violation(`${name} lacks its workflow`, job.name);
  } catch (error) {
    log.violation(`${name} is not whole: ${(error as Error).message}`, job.name);
  }
}

function checkReports({ log }: Audited, job: JobRecord): void {
  for (const state of job.webhookStates)
    if (state !== job.end)
      log.violation(`its webhook was called with ${state}, and it is ${job.end}`, job.name);
  for (const [end, times] of job.reported) {
    if (end !== job.end) log.violation(`was reported as ${end}, and is ${job.end}`, job.name);
    if (times > 1) log.violation(`was reported ${times} times as ${end}`, job.name);
  }
}

async function look(soak: Audited, job: JobRecord): Promise<void> {
  const { log } = soak;
  const answer = await statusOf(soak, job);
  if (answer === undefined) return;
  if (answer === 'missing') {
    if (job.accepted) log.violation('was accepted, and is unknown', job.name);
    else if (performance.now() - job.sentAt < UNSURE_MS) return;
    // nothing is known of it, and nothing is expected any more
    job.deleted = true;
    return;
  }
  if (!job.accepted) log.event('was accepted before its connection broke', job.name);
  job.accepted = true;
  if (answer.state === 'pending' || answer.state === 'running') return;
  job.endedAt = performance.now();
  job.end = answer.state;
  const code = answer.error?.code ?? '';
  log.event(`ended: ${answer.state} ${code} at attempt ${answer.attempts}`, job.name);
  checkEnd(soak, job, answer);
}

/** Whether a file is one that is being written. */
export const isTemporary = (name: string): boolean => name.includes('.tmp-');
