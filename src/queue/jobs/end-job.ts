// The ends of jobs: finished by a worker, removed while pending, interrupted while running.

import type { HeldJob, JobResult, JobTables, RemovedJob } from './job-types.ts';
import { keepHold } from './lease.ts';

/** Stores the result of a job. Returns false when the attempt did not hold it any more. */
export const finishJob = (
  tables: JobTables,
  job: HeldJob,
  { state, outputs, meta, status, error }: JobResult,
): Promise<boolean> =>
  tables.database.transaction(async (sql) => {
    if (!(await keepHold(tables, sql, job))) return false;
    const { boss } = tables;
    const { ticket } = job;
    const { rows } = await sql.executeSql<{ prompt_id: string; webhook: string | null }>(
      `UPDATE darkroom.job
       SET state = $2, outputs = $3, meta = $4, status = $5, error = $6, ended_at = now(),
           ending = nextval('darkroom.ending'), attempt = NULL
       WHERE ticket = $1 RETURNING prompt_id, webhook`,
      [ticket, state, outputs, meta, status, error ?? null],
    );
    const [{ prompt_id: promptId, webhook }] = rows;
    // a client may use an id again; the history has only the latest job of an id
    await sql.executeSql(
      'DELETE FROM darkroom.job WHERE prompt_id = $1 AND ending IS NOT NULL AND ticket <> $2',
      [promptId, ticket],
    );
    await boss.complete(sql, ticket);
    if (webhook !== null) await boss.insertWebhook(sql, ticket);
    return true;
  });

/** Removes pending jobs, all of them without ids; returns those that were removed. */
export const removeJobs = (
  { database, boss }: JobTables,
  promptIds?: readonly string[],
): Promise<readonly RemovedJob[]> =>
  database.transaction(async (sql) => {
    const { rows } = await sql.executeSql<{
      ticket: string;
      prompt_id: string;
      client_id: string | null;
    }>(
      `UPDATE darkroom.job SET state = 'removed', ended_at = now()
       WHERE state = 'pending'
         AND ($1::text IS NULL OR prompt_id IN (SELECT json_array_elements_text($1::json)))
       RETURNING ticket, prompt_id, client_id`,
      [promptIds === undefined ? null : JSON.stringify(promptIds)],
    );
    const tickets = rows.map(({ ticket }) => ticket);
    await boss.cancel(sql, tickets);
    return rows.map((row) => ({ promptId: row.prompt_id, clientId: row.client_id ?? undefined }));
  });

/** Marks running jobs as interrupted, all of them without an id; returns their ids. */
export async function interruptJobs(
  { database }: JobTables,
  promptId?: string,
): Promise<readonly string[]> {
  const { rows } = await database.executeSql<{ prompt_id: string }>(
    `UPDATE darkroom.job SET interrupt = true
     WHERE state = 'running' AND ($1::text IS NULL OR prompt_id = $1) RETURNING prompt_id`,
    [promptId ?? null],
  );
  return rows.map((row) => row.prompt_id);
}
