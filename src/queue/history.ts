// Reads the queue as /queue shows it, the history as /history shows it, and the status of one job.
import type { HistoryEntry, JobState, JobStatus, Queue, QueuedJob } from './contract.ts';
import type { Sql } from './database/database.ts';
import { JOB_BYTES, type RowSize, readRows } from './job-rows.ts';

interface JobRow {
  readonly ticket: string;
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
  readonly jobs_ahead: number;
}

/** ComfyUI's item of the queue, put together from JSON texts. */
const itemOf = (row: JobRow): string =>
  `[${row.number}, ${JSON.stringify(row.prompt_id)}, ` +
  `${row.prompt}, ${row.extra}, ${row.outputs_to_execute}]`;

const queuedJobOf = (row: JobRow): QueuedJob => ({
  promptId: row.prompt_id,
  number: row.number,
  clientId: row.client_id ?? undefined,
  json: itemOf(row),
});

const entryOf = (row: JobRow): HistoryEntry => ({
  promptId: row.prompt_id,
  number: row.number,
  state: row.state as HistoryEntry['state'],
  json:
    `{"prompt": ${itemOf(row)}, "outputs": ${row.outputs}, ` +
    `"meta": ${row.meta}, "status": ${row.status}}`,
});

const COLUMNS = `prompt_id, number, client_id, prompt, extra, outputs_to_execute, state,
  outputs, meta, status`;

/** The running and the pending jobs, in the order in which they run. */
export async function listJobs(sql: Sql): Promise<Awaited<ReturnType<Queue['list']>>> {
  const { rows } = await sql.readSql<RowSize & { readonly state: JobState }>(
    `SELECT ticket, state, ${JOB_BYTES} AS bytes FROM darkroom.job
     WHERE state IN ('pending', 'running') ORDER BY number, place`,
  );
  const jobsIn = (state: JobState): AsyncIterable<QueuedJob> =>
    readValues(
      sql,
      rows.filter((row) => row.state === state),
      queuedJobOf,
    );
  return { running: jobsIn('running'), pending: jobsIn('pending') };
}

async function* readValues<T>(
  sql: Sql,
  sizes: readonly RowSize[],
  toValue: (row: JobRow) => T,
): AsyncGenerator<T, void, undefined> {
  for await (const row of readRows<JobRow>(sql, COLUMNS, sizes)) yield toValue(row);
}

/** The status of the latest job with this id. */
export async function statusOf(sql: Sql, promptId: string): Promise<JobStatus | undefined> {
  const { rows } = await sql.readSql<JobRow>(
    `SELECT prompt_id, number, client_id, state, attempts, created_at, started_at, ended_at, error,
            CASE WHEN state = 'pending' THEN (SELECT count(*)::int FROM darkroom.job b
              WHERE b.state = 'pending' AND (b.number, b.place) < (j.number, j.place))
            ELSE 0 END AS jobs_ahead
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
      jobsAhead: row.jobs_ahead,
      attempts: row.attempts,
      createdAt: row.created_at,
      startedAt: row.started_at ?? undefined,
      endedAt: row.ended_at ?? undefined,
      error: row.error ?? undefined,
    }
  );
}

/** The jobs that have ended. */
export function openHistory(sql: Sql): Queue['history'] {
  return {
    list: async ({ maxItems, offset } = {}) => {
      const count = maxItems === undefined ? null : Math.max(0, maxItems);
      const fromNewest = offset === undefined || offset < 0;
      const { rows } = await sql.readSql<RowSize>(
        `SELECT ticket, bytes FROM (
           SELECT ticket, ending, ${JOB_BYTES} AS bytes FROM darkroom.job WHERE ending IS NOT NULL
           ORDER BY ending ${fromNewest ? 'DESC' : 'ASC'} LIMIT $1 OFFSET $2) AS page
         ORDER BY ending`,
        [count, fromNewest ? 0 : offset],
      );
      return readValues(sql, rows, entryOf);
    },
    get: async (promptId) => {
      const { rows } = await sql.readSql<JobRow>(
        `SELECT ${COLUMNS} FROM darkroom.job
         WHERE prompt_id = $1 AND ending IS NOT NULL ORDER BY ending DESC LIMIT 1`,
        [promptId],
      );
      return rows[0] && entryOf(rows[0]);
    },
    delete: async (promptIds) => {
      await sql.executeSql(
        `DELETE FROM darkroom.job WHERE ending IS NOT NULL
         AND prompt_id IN (SELECT json_array_elements_text($1::json))`,
        [JSON.stringify(promptIds)],
      );
    },
    clear: async () => {
      await sql.executeSql('DELETE FROM darkroom.job WHERE ending IS NOT NULL');
    },
  };
}
