// Jobs for tests of the queue, and a recorder of its events.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineOptions } from '../../../src/engine/client.ts';
import type {
  HistoryEntry,
  NewJob,
  Queue,
  QueuedJob,
  QueueEvent,
} from '../../../src/queue/contract.ts';
import { NODES_MODULE } from './queue-nodes.ts';

export const temporaryFolder = (name: string): string =>
  mkdtempSync(join(tmpdir(), `darkroom-${name}-`));

export function testEngine(root = temporaryFolder('queue')): EngineOptions {
  mkdirSync(root, { recursive: true });
  const folders = {
    input: join(root, 'input'),
    output: join(root, 'output'),
    temp: join(root, 'temp'),
  };
  return { models: [], ...folders, device: 'cpu', nodesModule: NODES_MODULE, graceMs: 1000 };
}

async function listOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

/** The entries of the history. */
export const listHistory = async (
  queue: Queue,
  options?: Parameters<Queue['history']['list']>[0],
): Promise<HistoryEntry[]> => listOf(await queue.history.list(options));

/** The running and the pending jobs. */
export async function listQueue(
  queue: Queue,
): Promise<{ running: QueuedJob[]; pending: QueuedJob[] }> {
  const { running, pending } = await queue.list();
  return { running: await listOf(running), pending: await listOf(pending) };
}

type Inputs = Readonly<Record<string, unknown>>;

/** A job of one node whose output is saved. */
export const jobOf = (type: string, inputs: Inputs, more: Partial<NewJob> = {}): NewJob => ({
  prompt: JSON.stringify({
    1: { class_type: type, inputs },
    2: { class_type: 'TestSave', inputs: { value: ['1', 0], filename_prefix: 'job' } },
  }),
  outputs: ['2'],
  ...more,
});

export const quickJob = (value: number, more?: Partial<NewJob>): NewJob =>
  jobOf('TestNumber', { value }, more);

export const slowJob = (ms: number, more?: Partial<NewJob>): NewJob =>
  jobOf('TestSlow', { steps: Math.ceil(ms / 20), ms: 20, deaf: false, nonce: Math.random() }, more);

/** Records all events of a queue from now on. */
export function recordEvents(queue: Queue): {
  readonly events: QueueEvent[];
  /** Waits for an event, which may have happened already. */
  until(matches: (event: QueueEvent) => boolean): Promise<QueueEvent>;
  /** The types of a job's messages. */
  typesOf(promptId: string): string[];
} {
  const events: QueueEvent[] = [];
  const checks = new Set<() => void>();
  queue.subscribe((event) => {
    events.push(event);
    for (const check of checks) check();
  });
  return {
    events,
    until: (matches) =>
      new Promise((resolve) => {
        const check = (): void => {
          const event = events.find(matches);
          if (!event) return;
          checks.delete(check);
          resolve(event);
        };
        checks.add(check);
        check();
      }),
    typesOf: (promptId) =>
      events.flatMap((e) => (e.type === 'message' && e.promptId === promptId ? [e.event] : [])),
  };
}

export const isMessage =
  (event: string, promptId?: string) =>
  (e: QueueEvent): boolean =>
    e.type === 'message' &&
    e.event === event &&
    (promptId === undefined || e.promptId === promptId);
