// Reading: the queue as /queue shows it, the history as /history shows it, the state of one job.

import type { HistoryEntry, JobState, JobStatus, Queue, QueuedJob } from './contract.ts';
import type { Sql } from './database/database.ts';

interface Row {
  readonly prompt_id: string;
  readonly number: number;
  readonly client_id: string | null;
  readonly prompt: string;
  readonly extra: string;
  readonly outputs_to_execute: string;
  readonly state: JobState;
  readonly attempts: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly outputs: string | null;
  readonly meta: string | null;
  readonly status: string | null;
  readonly error: string | null;
  readonly before: number;
}

const itemOf = (row: Row): string =>
  `[${row.number}, ${JSON.stringify(row.prompt_id)}, ${row.prompt}, ${row.extra}, ${row.outputs_to_execute}]`;

const queuedOf = (row: Row): QueuedJob => ({
  promptId: row.prompt_id,
  number: row.number,
  clientId: row.client_id ?? undefined,
  json: itemOf(row),
});

const entryOf = (row: Row): HistoryEntry => ({
  promptId: row.prompt_id,
  number: row.number,
  state: row.state as HistoryEntry['state'],
  json: `{"prompt": ${itemOf(row)}, "outputs": ${row.outputs}, "meta": ${row.meta}, "status": ${row.status}}`,
});

const ENTRY =
  'prompt_id, number, client_id, prompt, extra, outputs_to_execute, state, outputs, meta, status';

/** The running and the pending jobs, in the order in which they run. */
export async function listJobs(sql: Sql): Promise<Awaited<ReturnType<Queue['list']>>> {
  const { rows } = await sql.executeSql<Row>(
    `SELECT ${ENTRY} FROM darkroom.job WHERE state IN ('pending', 'running') ORDER BY number, place`,
  );
  const of = (state: JobState): QueuedJob[] =>
    rows.filter((row) => row.state === state).map(queuedOf);
  return { running: of('running'), pending: of('pending') };
}

/** The latest job with this id. */
export async function statusOf(sql: Sql, promptId: string): Promise<JobStatus | undefined> {
  const { rows } = await sql.executeSql<Row>(
    `SELECT prompt_id, number, client_id, state, attempts, created_at, started_at, ended_at, error,
            CASE WHEN state = 'pending' THEN (SELECT count(*)::int FROM darkroom.job b
              WHERE b.state = 'pending' AND (b.number, b.place) < (j.number, j.place)) ELSE 0 END AS before
     FROM darkroom.job j WHERE prompt_id = $1 ORDER BY place DESC LIMIT 1`,
    [promptId],
  );
  const row = rows[0];
  return (
    row && {
      promptId: row.prompt_id,
      number: row.number,
      clientId: row.client_id ?? undefined,
      state: row.state,
      jobsAhead: row.before,
      attempts: row.attempts,
      createdAt: row.created_at,
      startedAt: row.started_at ?? undefined,
      endedAt: row.ended_at ?? undefined,
      error: row.error ?? undefined,
    }
  );
}

/** What has ended. */
export function openHistory(sql: Sql): Queue['history'] {
  return {
    list: async ({ maxItems, offset } = {}) => {
      const count = maxItems === undefined ? null : Math.max(0, maxItems);
      const last = offset === undefined || offset < 0;
      const { rows } = await sql.executeSql<Row>(
        `SELECT * FROM (
           SELECT ${ENTRY}, ending FROM darkroom.job WHERE ending IS NOT NULL ORDER BY ending ${last ? 'DESC' : 'ASC'}
           LIMIT $1 OFFSET $2) AS page ORDER BY ending`,
        [count, last ? 0 : offset],
      );
      return rows.map(entryOf);
    },
    get: async (promptId) => {
      const { rows } = await sql.executeSql<Row>(
        `SELECT ${ENTRY} FROM darkroom.job WHERE prompt_id = $1 AND ending IS NOT NULL ORDER BY ending DESC LIMIT 1`,
        [promptId],
      );
      return rows[0] && entryOf(rows[0]);
    },
    delete: async (promptIds) => {
      await sql.executeSql(
        'DELETE FROM darkroom.job WHERE ending IS NOT NULL AND prompt_id IN (SELECT json_array_elements_text($1::json))',
        [JSON.stringify(promptIds)],
      );
    },
    clear: async () => {
      await sql.executeSql('DELETE FROM darkroom.job WHERE ending IS NOT NULL');
    },
  };
}
