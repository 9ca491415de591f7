// Leases: a worker takes a job, renews its lease while it runs, and releases it if it can't finish
// it.
import { randomUUID } from 'node:crypto';
import type { Sql } from '../database/database.ts';
import type { HeldJob, JobTables, LeaseState } from './job-types.ts';

interface TakenRow {
  readonly prompt_id: string;
  readonly number: number;
  readonly client_id: string | null;
  readonly prompt: string;
  readonly extra: string;
  readonly outputs_to_execute: string;
  readonly attempts: number;
  readonly interrupt: boolean;
}

/** Takes the next job for a new attempt; undefined when none is due. */
export async function takeJob(
  { database, boss }: JobTables,
  worker: string,
): Promise<HeldJob | undefined> {
  for (;;) {
    const ticket = await boss.take();
    if (ticket === undefined) return undefined;
    const attempt = randomUUID();
    const { rows } = await database.executeSql<TakenRow>(
      `UPDATE darkroom.job
       SET state = 'running', attempts = attempts + 1, attempt = $2, worker = $3,
           heard_at = now(), started_at = coalesce(started_at, now())
       WHERE ticket = $1 AND state IN ('pending', 'running')
       RETURNING *`,
      [ticket, attempt, worker],
    );
    if (rows.length > 0) return heldJobOf(ticket, attempt, rows[0]);
    // it was removed meanwhile
    await boss.complete(database, ticket);
  }
}

const heldJobOf = (ticket: string, attempt: string, row: TakenRow): HeldJob => ({
  ticket,
  attempt,
  promptId: row.prompt_id,
  number: row.number,
  clientId: row.client_id ?? undefined,
  prompt: row.prompt,
  extra: row.extra,
  outputs: JSON.parse(row.outputs_to_execute),
  attempts: row.attempts,
  isInterrupted: row.interrupt,
});

/**
 * Makes sure that an attempt holds its job. One that was suspended takes it again if its lease has
 * ended but nobody else has taken it. Returns undefined when the job is lost to it.
 */
export async function keepHold(
  { boss }: JobTables,
  sql: Sql,
  { ticket, attempt }: HeldJob,
): Promise<{ readonly isInterrupted: boolean } | undefined> {
  const { rows } = await sql.executeSql<Pick<TakenRow, 'interrupt'> & { readonly state: string }>(
    `SELECT state, interrupt FROM darkroom.job
     WHERE ticket = $1 AND attempt = $2 AND state IN ('pending', 'running') FOR UPDATE`,
    [ticket, attempt],
  );
  if (rows.length === 0) return undefined;
  // pg-boss decides: another attempt takes the job there first
  if (rows[0].state === 'running') await boss.renew(sql, ticket);
  else if (!(await boss.takeAgain(sql, ticket))) return undefined;
  await sql.executeSql(
    `UPDATE darkroom.job SET state = 'running', heard_at = now() WHERE ticket = $1`,
    [ticket],
  );
  return { isInterrupted: rows[0].interrupt };
}

export const renewLease = (tables: JobTables, job: HeldJob): Promise<LeaseState> =>
  tables.database.transaction(async (sql) => {
    const held = await keepHold(tables, sql, job);
    if (!held) return 'lost';
    return held.isInterrupted ? 'interrupted' : 'held';
  });

/** Makes a job due again. Returns false when the attempt did not hold it any more. */
export const releaseJob = (
  tables: JobTables,
  job: HeldJob,
  countsAsAttempt: boolean,
): Promise<boolean> =>
  tables.database.transaction(async (sql) => {
    if (!(await keepHold(tables, sql, job))) return false;
    await sql.executeSql(
      `UPDATE darkroom.job
       SET state = 'pending', attempt = NULL, worker = NULL, attempts = attempts - $2::int
       WHERE ticket = $1`,
      [job.ticket, countsAsAttempt ? 0 : 1],
    );
    await tables.boss.release(sql, [job.ticket]);
    return true;
  });
