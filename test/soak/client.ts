// A well-behaved client: sends jobs, sends them again after a broken connection, follows them on a
// socket, interrupts and removes some of its own.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { EventLog } from './event-log.ts';
import { ask, postJson } from './http-request.ts';
import type { Installation } from './installation.ts';
import type { JobBook, JobRecord } from './job-book.ts';
import { BROKEN_UPLOAD, planJob, UPLOADS } from './job-kinds.ts';
import type { Statistics } from './statistics.ts';
import { brokenForm, pictureForm } from './uploads.ts';
import type { WebhookReceiver } from './webhook-receiver.ts';

export interface World {
  readonly place: Installation;
  readonly book: JobBook;
  readonly log: EventLog;
  readonly statistics: Statistics;
  readonly webhooks: WebhookReceiver;
  readonly random: () => number;
  /** True while clients may send jobs. */
  busy(): boolean;
  stopped(): boolean;
}

const MAX_OPEN = 24;
const MAX_PAUSE_MS = 5500;
const TRIES = 40;
const ENDS: Readonly<Record<string, string>> = {
  execution_success: 'success',
  execution_error: 'error',
  execution_interrupted: 'interrupted',
};

/** Runs until the soak is stopped. */
export async function runClient(world: World, clientId: string): Promise<void> {
  const { random } = world;
  const socket = followJobs(world, clientId);
  while (!world.stopped()) {
    await sleep(200 + random() * MAX_PAUSE_MS);
    if (!world.busy()) {
      socket.close();
      continue;
    }
    socket.open();
    if (random() < 0.03) socket.drop();
    if (world.book.open().length < MAX_OPEN) await sendJob(world, clientId);
    if (random() < 0.25) await change(world);
    if (random() < 0.1) await upload(world);
  }
  socket.close();
}

interface JobSocket {
  open(): void;
  /** Breaks the connection without a close frame. */
  drop(): void;
  close(): void;
}

function followJobs({ place, book }: World, clientId: string): JobSocket {
  let socket: WebSocket | undefined;
  const receive = (text: string): void => {
    const { type, data } = JSON.parse(text) as { type: string; data: { prompt_id?: string } };
    const job = book.jobs.get(data?.prompt_id ?? '');
    const end = ENDS[type];
    // an interruption is sent to all clients
    if (job?.clientId === clientId && end) job.reported.set(end, (job.reported.get(end) ?? 0) + 1);
  };
  return {
    open: () => {
      if (socket && socket.readyState <= WebSocket.OPEN) return;
      const url = `${place.address.replace('http', 'ws')}/ws?clientId=${clientId}`;
      const opened = new WebSocket(url, { handshakeTimeout: 10_000 });
      opened.on('message', (data: Buffer, isBinary) => {
        if (!isBinary) receive(String(data));
      });
      opened.on('error', () => undefined);
      socket = opened;
    },
    drop: () => socket?.terminate(),
    close: () => {
      socket?.close();
      socket = undefined;
    },
  };
}

async function sendJob(world: World, clientId: string): Promise<void> {
  const { book, random, webhooks, log } = world;
  const name = book.nextName();
  const plan = planJob(name, random);
  const webhook = random() < 0.2 ? webhooks.url(random) : undefined;
  const job = book.add({ name, promptId: randomUUID(), plan, clientId, webhook });
  log.event(`sent: ${plan.kind} ${job.promptId}`, name);
  const body = {
    prompt: plan.prompt,
    prompt_id: job.promptId,
    client_id: clientId,
    front: random() < 0.05,
    extra_data: { webhook, extra_pnginfo: { workflow: { name } } },
  };
  if (random() < 0.2) {
    // waits for the end in the same request; the connection may break before
    void post(world, job, body, '?wait=1').catch(() => undefined);
    return;
  }
  await sendUntilAccepted(world, job, body);
  if (job.accepted && random() < 0.1) await post(world, job, body).catch(() => undefined);
}

/** Sends a job again until it is accepted, with the same idempotency key; sometimes gives up. */
async function sendUntilAccepted(world: World, job: JobRecord, body: object): Promise<void> {
  for (let attempt = 0; attempt < TRIES && !world.stopped(); attempt++) {
    try {
      await post(world, job, body);
    } catch {
      world.log.event('its connection broke', job.name);
    }
    if (job.accepted || world.random() < 0.05) return;
    await sleep(1000);
  }
}

/** Sends a job once. Throws when the connection breaks. */
async function post(world: World, job: JobRecord, body: object, query = ''): Promise<void> {
  const { place, book, log, statistics } = world;
  const { status, value } = await postJson<{ prompt_id?: string; error?: unknown }>(
    `${place.address}/prompt${query}`,
    body,
    { headers: { 'idempotency-key': job.name }, timeoutMs: 120_000 },
  );
  statistics.answer('POST /prompt', status);
  if (value?.prompt_id !== undefined) {
    if (value.prompt_id !== job.promptId)
      log.violation(`was accepted as ${value.prompt_id}, not ${job.promptId}`, job.name);
    job.accepted = true;
    return;
  }
  // the store or the database may be out of reach
  if (book.hit(job, 'disk', 'database', 'store', 'pause', 'death') || status === 503)
    log.event(`was refused with ${status}`, job.name);
  else log.violation(`was refused with ${status}: ${JSON.stringify(value)}`, job.name);
}

/** Interrupts, removes or deletes one of the jobs, or reads lists. */
async function change({ place, book, random, log, statistics }: World): Promise<void> {
  const open = book.open().filter(({ accepted }) => accepted);
  const ended = [...book.jobs.values()].filter((job) => job.filesChecked && !job.deleted);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const send = (path: string, value: unknown) =>
    postJson(`${place.address}${path}`, value).then(({ status }) =>
      statistics.answer(`POST ${path}`, status),
    );
  const target = pick(open);
  const actions: Readonly<Record<string, () => Promise<unknown>>> = {
    interrupt: async () => {
      if (!target) return;
      target.interruptAsked = true;
      log.event('interrupt asked', target.name);
      await send('/interrupt', { prompt_id: target.promptId });
    },
    'interrupt all': async () => {
      if (random() > 0.2) return;
      const over = book.begin('interrupt');
      log.event('interrupt of all asked');
      await send('/interrupt', {}).finally(() => over());
    },
    remove: async () => {
      if (!target) return;
      target.removalAsked = true;
      log.event('removal asked', target.name);
      await send('/queue', { delete: [target.promptId] });
    },
    clear: async () => {
      if (random() > 0.1) return;
      const over = book.begin('clear');
      log.event('clearing of the queue asked');
      await send('/queue', { clear: true }).finally(() => over());
    },
    delete: async () => {
      const job = pick(ended);
      if (!job) return;
      job.deleted = true;
      log.event('deletion from the history asked', job.name);
      await send('/history', { delete: [job.promptId] });
    },
    free: () => send('/free', { unload_models: random() < 0.5, free_memory: true }),
    queue: () => read(place, '/queue', statistics),
    history: () => read(place, '/history?max_items=30', statistics),
    objects: () => read(place, '/object_info/KSampler', statistics),
  };
  await pick(Object.values(actions))?.().catch(() => undefined);
}

async function read({ address }: Installation, path: string, statistics: Statistics) {
  const { status, body } = await ask(`${address}${path}`);
  JSON.parse(body.toString());
  statistics.answer(`GET ${path}`, status);
}

/** Uploads one of the pictures that jobs read; the content of a name never changes. */
export async function upload({ place, random, statistics }: World): Promise<void> {
  const names = [...UPLOADS, BROKEN_UPLOAD];
  const name = names[Math.floor(random() * names.length)];
  const { body, headers } = name === BROKEN_UPLOAD ? brokenForm(name) : await pictureForm(name);
  await ask(`${place.address}/upload/image`, { method: 'POST', body, headers }).then(
    ({ status }) => statistics.answer('POST /upload/image', status),
    () => undefined,
  );
}

/** Uploads all of them, before the first job. */
export async function uploadAll({ place }: World): Promise<void> {
  for (const name of [...UPLOADS, BROKEN_UPLOAD]) {
    const { body, headers } = name === BROKEN_UPLOAD ? brokenForm(name) : await pictureForm(name);
    await ask(`${place.address}/upload/image`, { method: 'POST', body, headers });
  }
}
