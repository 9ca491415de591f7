// Calls the webhooks of jobs that have ended; pg-boss keeps them and starts them again until one is answered, or given up.
import { setTimeout as sleep } from 'node:timers/promises';
import { DarkroomError } from '../errors.ts';
import type { Boss } from './boss.ts';
import type { Database } from './database/database.ts';

const ANSWER_MS = 10_000;
const REST_MS = 2000;

/** The address of a webhook. Throws DR_BAD_USAGE. */
export function webhookUrl(text: string, allow: (url: URL) => boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || !allow(url))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `the webhook '${text}' can't be called`,
      hint:
        url && /^https?:$/.test(url.protocol)
          ? 'The server does not allow this address.'
          : 'Give an http or https address.',
    });
  return url;
}

interface Ended {
  readonly prompt_id: string;
  readonly number: number;
  readonly client_id: string | null;
  readonly webhook: string;
  readonly state: string;
  readonly outputs: string;
  readonly status: string;
  readonly error: string | null;
}

export interface Webhooks {
  /** A job has ended. */
  wake(): void;
  close(): Promise<void>;
}

export function startWebhooks(
  database: Database,
  boss: Boss,
  allow: (url: URL) => boolean,
  onProblem: (message: string, error: unknown) => void,
): Webhooks {
  const closing = new AbortController();
  let wake: () => void = () => undefined;

  const call = async (ticket: string): Promise<void> => {
    const { rows } = await database.executeSql<Ended>(
      'SELECT prompt_id, number, client_id, webhook, state, outputs, status, error FROM darkroom.job WHERE ticket = $1 AND ending IS NOT NULL',
      [ticket],
    );
    const row = rows[0];
    // deleted from the history meanwhile
    if (!row) return;
    const response = await fetch(webhookUrl(row.webhook, allow), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bodyOf(row),
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), closing.signal]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${row.webhook} answered ${response.status}`);
  };

  const loop = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        const next = await boss.takeWebhook();
        if (next) {
          const error = await call(next.ticket).then(
            () => undefined,
            (failure: Error) => failure,
          );
          if (error) onProblem('a webhook was not answered', error);
          await boss.endWebhook(next.id, error?.message);
          continue;
        }
      } catch (error) {
        onProblem('webhooks can’t be called', error);
      }
      const woken = new AbortController();
      wake = () => woken.abort();
      if (!closing.signal.aborted)
        await sleep(REST_MS, undefined, { signal: woken.signal, ref: false }).catch(
          () => undefined,
        );
    }
  };
  const running = loop();
  return {
    wake: () => wake(),
    close: async () => {
      closing.abort();
      wake();
      await running;
    },
  };
}

const bodyOf = (row: Ended): string =>
  `{"prompt_id": ${JSON.stringify(row.prompt_id)}, "number": ${row.number}, "client_id": ${JSON.stringify(row.client_id)}, ` +
  `"state": "${row.state}", "outputs": ${row.outputs}, "status": ${row.status}, "error": ${row.error ?? 'null'}}`;
