// Leases: a worker takes a job, renews its lease while it runs, and releases it if it can't finish
// it.
import { randomUUID } from 'node:crypto';
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

export const renewLease = (
  { database, boss }: JobTables,
  { ticket, attempt }: HeldJob,
): Promise<LeaseState> =>
  database.transaction(async (sql) => {
    const { rows } = await sql.executeSql<Pick<TakenRow, 'interrupt'>>(
      `UPDATE darkroom.job SET heard_at = now()
       WHERE ticket = $1 AND attempt = $2 AND state = 'running' RETURNING interrupt`,
      [ticket, attempt],
    );
    if (rows.length === 0) return 'lost';
    await boss.renewLease(sql, ticket);
    return rows[0].interrupt ? 'interrupted' : 'held';
  });

/** Makes a job due again. Returns false when the attempt did not hold it any more. */
export const releaseJob = (
  { database, boss }: JobTables,
  { ticket, attempt }: HeldJob,
  countsAsAttempt: boolean,
): Promise<boolean> =>
  database.transaction(async (sql) => {
    const { rows } = await sql.executeSql(
      `UPDATE darkroom.job
       SET state = 'pending', attempt = NULL, worker = NULL, attempts = attempts - $3::int
       WHERE ticket = $1 AND attempt = $2 AND state = 'running' RETURNING ticket`,
      [ticket, attempt, countsAsAttempt ? 0 : 1],
    );
    if (rows.length > 0) await boss.release(sql, [ticket]);
    return rows.length > 0;
  });
