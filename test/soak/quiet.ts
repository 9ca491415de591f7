// Waits until all accepted jobs have ended, then checks what must hold when nothing runs: no files
// but those of jobs, no temporary files, an empty queue, no more open files than before.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Audit, isTemporary } from './audit.ts';
import type { World } from './client.ts';
import type { Footprint } from './footprint.ts';
import { askJson, postJson } from './http-request.ts';
import type { JobRecord } from './job-book.ts';
import { BROKEN_UPLOAD, UPLOADS } from './job-kinds.ts';

const DRAIN_MS = 300_000;
/** Connections that were cut are noticed, and temporary files removed, within this time. */
const QUIET_MS = 15_000;
const WEBHOOK_MS = 60_000;

/** The clients must be idle. */
export async function checkQuiet(world: World, audit: Audit, footprint: Footprint): Promise<void> {
  const { book, log } = world;
  log.event('waiting for the end of all jobs');
  for (const end = Date.now() + DRAIN_MS; (await audit.pass()) > 0; await sleep(500))
    if (Date.now() > end) {
      for (const job of book.open())
        log.violation(`has not ended ${DRAIN_MS / 1000} s after the last job`, job.name);
      break;
    }
  await sleep(QUIET_MS);
  await audit.pass();
  const ended = [...book.jobs.values()].filter(({ end }) => end !== undefined);
  await audit.recheck(ended);
  await checkWebhooks(world, ended);
  await checkQueue(world);
  checkStore(world);
  footprint.countFiles();
  await forget(world, ended);
}

async function checkQueue({ place, log, book }: World): Promise<void> {
  const { value } = await askJson<Record<string, unknown[][]>>(`${place.address}/queue`);
  for (const [, id] of [...value['queue_running'], ...value['queue_pending']])
    log.violation(`the queue has the job ${id}`, book.jobs.get(String(id))?.name);
  const { value: history } = await askJson<object>(`${place.address}/history?max_items=500`);
  for (const id of Object.keys(history))
    if (!book.jobs.has(id)) log.violation(`the history has the unknown job ${id}`);
}

async function checkWebhooks({ log }: World, ended: readonly JobRecord[]): Promise<void> {
  const isMissing = ({ webhook, webhookCalls, end, deleted }: JobRecord): boolean =>
    webhook !== undefined && webhookCalls === 0 && end !== 'removed' && !deleted;
  for (const end = Date.now() + WEBHOOK_MS; ended.some(isMissing); await sleep(500))
    if (Date.now() > end) {
      for (const { name } of ended.filter(isMissing))
        log.violation(`its webhook was not called ${WEBHOOK_MS / 1000} s after the end`, name);
      return;
    }
}

function checkStore({ place, log, book }: World): void {
  const jobs = new Set([...book.jobs.values()].map(({ name }) => name));
  const inputs = [...UPLOADS, BROKEN_UPLOAD].map((name) => `input/${name}`);
  for (const name of place.outputs.list()) {
    const [folder, job] = name.split('/');
    if (isTemporary(name)) log.violation(`the half-written file ${name} was left`);
    else if (folder === 'input' && !inputs.includes(name)) log.violation(`${name} was left`);
    else if (folder === 'output' && !(jobs.has(job) && /\/img_\d+_\.png$/.test(name)))
      log.violation(`${name} belongs to no job`);
  }
}

/**
 * Removes the files of these jobs, and most of the history: the disk is small. Asks again for
 * deletions, because the connection of the first request may have broken.
 */
async function forget({ place, book, log }: World, ended: readonly JobRecord[]): Promise<void> {
  const deleted = [...book.jobs.values()].filter((job) => job.deleted);
  const old = [...ended.filter((job) => !job.deleted).slice(0, -50), ...deleted];
  for (const job of ended) place.outputs.remove(place.outputs.ofJob(job.name));
  if (old.length === 0) return;
  await postJson(`${place.address}/history`, { delete: old.map(({ promptId }) => promptId) });
  for (const job of old) {
    const url = `${place.address}/jobs/${job.promptId}`;
    const { status } = await askJson(url);
    if (status !== 404 && job.end !== 'removed')
      log.violation(`was deleted from the history, and is still known (${status})`, job.name);
    book.archive(job);
  }
}
