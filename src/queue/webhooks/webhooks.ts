// Calls the webhooks of jobs that have ended, several at a time. pg-boss stores them and makes them
// due again, after longer and longer pauses, until one is answered or has failed too often.
import { DarkroomError } from '../../errors.ts';
import { maskSecrets } from '../../mask-secrets.ts';
import type { Database, OnProblem } from '../database/database.ts';
import { createPause } from '../pause.ts';
import type { Boss, DueWebhook } from '../pg-boss.ts';
import { type PostOptions, postJson } from './post.ts';
import type { WebhookPolicy } from './webhook-policy.ts';

const POLL_MS = 2000;
/** Webhooks that are called at the same time. */
const MAX_CALLS = 32;

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

export interface WebhookTools {
  readonly database: Pick<Database, 'readSql'>;
  readonly boss: Pick<Boss, 'takeWebhooks' | 'endWebhook'>;
  readonly policy: WebhookPolicy;
  readonly onProblem: OnProblem;
  /** Sends one (`postJson`). */
  readonly post?: (url: URL, body: string, options: PostOptions) => Promise<void>;
}

/** Starts calling webhooks. One that is slow takes none of the time of the others. */
export function startWebhooks(tools: WebhookTools): Webhooks {
  const { boss, onProblem } = tools;
  const closing = new AbortController();
  const pause = createPause();
  const calls = new Set<Promise<void>>();

  const start = (webhook: DueWebhook): void => {
    const call = callAndEnd(tools, webhook, closing.signal).finally(() => {
      calls.delete(call);
      pause.end();
    });
    calls.add(call);
  };
  /** Starts the calls that are due and find a slot. Returns false when there are none. */
  const startDue = async (): Promise<boolean> => {
    const slots = MAX_CALLS - calls.size;
    const due = slots > 0 ? await boss.takeWebhooks(slots) : [];
    due.forEach(start);
    return due.length > 0;
  };
  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        if (await startDue()) continue;
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
      closing.abort(new Error('the server was stopped'));
      pause.end();
      await running;
      await Promise.all(calls);
    },
  };
}

/** Calls a webhook and stores how that ended. Never rejects. */
async function callAndEnd(
  tools: WebhookTools,
  { id, ticket }: DueWebhook,
  closing: AbortSignal,
): Promise<void> {
  let failure: Error | undefined;
  try {
    await callWebhook(tools, ticket, closing);
  } catch (error) {
    failure = error as Error;
    tools.onProblem('a webhook was not answered', failure);
  }
  try {
    // an address that is not allowed will not be allowed the next time
    const isFinal = failure instanceof DarkroomError && failure.code === 'DR_BAD_USAGE';
    await tools.boss.endWebhook(id, failure && maskSecrets(failure.message), isFinal);
  } catch (error) {
    tools.onProblem('the end of a webhook can’t be stored', error);
  }
}

async function callWebhook(
  { database, policy, post = postJson }: WebhookTools,
  ticket: string,
  closing: AbortSignal,
): Promise<void> {
  const { rows } = await database.readSql<EndedRow>(
    `SELECT prompt_id, number, client_id, webhook, state, outputs, status, error
     FROM darkroom.job WHERE ticket = $1 AND ending IS NOT NULL`,
    [ticket],
  );
  const row = rows[0];
  // it was deleted from the history meanwhile
  if (!row) return;
  await post(policy.checkUrl(row.webhook), bodyOf(row), { policy, signal: closing });
}

const bodyOf = (row: EndedRow): string =>
  `{"prompt_id": ${JSON.stringify(row.prompt_id)}, "number": ${row.number}, ` +
  `"client_id": ${JSON.stringify(row.client_id)}, "state": "${row.state}", ` +
  `"outputs": ${row.outputs}, "status": ${row.status}, "error": ${row.error ?? 'null'}}`;
