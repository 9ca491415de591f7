// Receives webhooks: some are answered, others fail, hang or are cut.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EventLog } from './event-log.ts';
import type { JobBook } from './job-book.ts';

export interface WebhookReceiver {
  /** The address for a job: mostly one that answers. */
  url(random: () => number): string;
  readonly calls: Map<string, number>;
  close(): Promise<void>;
}

const PATHS = ['answer', 'fail', 'hang', 'cut'] as const;
const ANSWERING = 0.8;

export async function startWebhookReceiver(book: JobBook, log: EventLog): Promise<WebhookReceiver> {
  const calls = new Map<string, number>();
  const note = (path: string, text: string): void => {
    calls.set(path, (calls.get(path) ?? 0) + 1);
    const { prompt_id: id, state } = JSON.parse(text) as { prompt_id: string; state: string };
    const job = book.jobs.get(id) ?? book.archived.get(id);
    if (!job) {
      log.violation(`a webhook named the unknown job ${id}`);
      return;
    }
    job.webhookCalls++;
    job.webhookStates.add(state);
    log.event(`its webhook (${path}) was called with ${state}`, job.name);
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = (request.url ?? '').slice(1);
      try {
        note(path, Buffer.concat(parts).toString());
      } catch {
        log.violation(
          `a webhook's body is not JSON: ${Buffer.concat(parts).toString('utf8', 0, 200)}`,
        );
      }
      if (path === 'cut') request.socket.destroy();
      else if (path !== 'hang') {
        response.statusCode = path === 'fail' ? 500 : 200;
        response.end('x'.repeat(10));
      }
    });
    request.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (random) => {
      const path = random() < ANSWERING ? PATHS[0] : PATHS[1 + Math.floor(random() * 3)];
      return `http://127.0.0.1:${port}/${path}`;
    },
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
