// Calls the webhooks of jobs that have ended. pg-boss stores them and starts them again until one
// is answered or has failed too often.
import { DarkroomError } from '../errors.ts';
import type { Database, OnProblem } from './database/database.ts';
import { createPause } from './pause.ts';
import type { Boss } from './pg-boss.ts';

const ANSWER_MS = 10_000;
const POLL_MS = 2000;

/** Parses the address of a webhook. Throws DR_BAD_USAGE when it is no address or not allowed. */
export function webhookUrl(text: string, isAllowed: (url: URL) => boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url !== undefined && /^https?:$/.test(url.protocol);
  if (isHttp && isAllowed(url)) return url;
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `the webhook '${text}' can't be called`,
    hint: isHttp ? 'The server does not allow this address.' : 'Use an http or https address.',
  });
}

interface EndedRow {
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
  /** A job has ended: takes its webhook at once instead of at the next poll. */
  wake(): void;
  close(): Promise<void>;
}

/** Starts calling webhooks, one at a time. */
export function startWebhooks(
  database: Database,
  boss: Boss,
  isAllowed: (url: URL) => boolean,
  onProblem: OnProblem,
): Webhooks {
  const closing = new AbortController();
  const pause = createPause();

  /** Calls the next webhook that is due. Returns false when there is none. */
  const callNext = async (): Promise<boolean> => {
    const webhook = await boss.takeWebhook();
    if (!webhook) return false;
    let failure: Error | undefined;
    try {
      await callWebhook(database, webhook.ticket, isAllowed, closing.signal);
    } catch (error) {
      failure = error as Error;
      onProblem('a webhook was not answered', failure);
    }
    await boss.endWebhook(webhook.id, failure?.message);
    return true;
  };
  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        if (await callNext()) continue;
      } catch (error) {
        onProblem('webhooks can’t be called', error);
      }
      if (!closing.signal.aborted) await pause.wait(POLL_MS, { ref: false });
    }
  };
  const running = run();
  return {
    wake: pause.end,
    close: async () => {
      closing.abort();
      pause.end();
      await running;
    },
  };
}

async function callWebhook(
  database: Database,
  ticket: string,
  isAllowed: (url: URL) => boolean,
  closing: AbortSignal,
): Promise<void> {
  const { rows } = await database.executeSql<EndedRow>(
    `SELECT prompt_id, number, client_id, webhook, state, outputs, status, error
     FROM darkroom.job WHERE ticket = $1 AND ending IS NOT NULL`,
    [ticket],
  );
  const row = rows[0];
  // it was deleted from the history meanwhile
  if (!row) return;
  const response = await fetch(webhookUrl(row.webhook, isAllowed), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: bodyOf(row),
    redirect: 'error',
    signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), closing]),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${row.webhook} answered ${response.status}`);
}

const bodyOf = (row: EndedRow): string =>
  `{"prompt_id": ${JSON.stringify(row.prompt_id)}, "number": ${row.number}, ` +
  `"client_id": ${JSON.stringify(row.client_id)}, "state": "${row.state}", ` +
  `"outputs": ${row.outputs}, "status": ${row.status}, "error": ${row.error ?? 'null'}}`;
