// Adds jobs to the queue.
import { randomUUID } from 'node:crypto';
import { DarkroomError } from '../../errors.ts';
import type { AcceptedJob, NewJob } from '../contract.ts';
import type { Sql } from '../database/database.ts';
import { ADVISORY_LOCK } from '../database/schema.ts';
import type { JobTables } from './job-types.ts';

/** Adds a job, or returns the one with its idempotency key. Throws DR_QUEUE_FULL. */
export const addJob = (
  { database, boss }: JobTables,
  job: NewJob,
  limit: number | undefined,
): Promise<AcceptedJob> =>
  database.transaction(async (sql) => {
    // one after another, so that jobs become visible in the order of their numbers
    await sql.executeSql(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
    const { idempotencyKey } = job;
    const existing =
      idempotencyKey === undefined ? undefined : await findByKey(sql, idempotencyKey);
    if (existing) return existing;
    if (limit !== undefined) await checkLimit(sql, limit);
    const ticket = randomUUID();
    const promptId = job.promptId ?? randomUUID();
    const number = await numberOf(sql, job);
    await insertRow(sql, ticket, promptId, number, job);
    await boss.insert(sql, ticket, number);
    // the first number in front of all others is -0
    return { promptId, number: number === 0 ? 0 : number, added: true };
  });

async function findByKey(sql: Sql, key: string): Promise<AcceptedJob | undefined> {
  const { rows } = await sql.executeSql<{ prompt_id: string; number: number }>(
    'SELECT prompt_id, number FROM darkroom.job WHERE idempotency_key = $1',
    [key],
  );
  return rows[0] && { promptId: rows[0].prompt_id, number: rows[0].number, added: false };
}

async function checkLimit(sql: Sql, limit: number): Promise<void> {
  const { rows } = await sql.executeSql<{ count: number }>(
    `SELECT count(*)::int AS count FROM darkroom.job WHERE state = 'pending'`,
  );
  const [{ count }] = rows;
  if (count >= limit)
    throw new DarkroomError('DR_QUEUE_FULL', {
      message: `the queue has ${count} pending jobs; its limit is ${limit}`,
      hint: 'Try again when some of them have run.',
    });
}

async function numberOf(sql: Sql, { number, front }: NewJob): Promise<number> {
  if (number !== undefined) return number;
  const { rows } = await sql.executeSql<{ number: number }>(
    'UPDATE darkroom.counter SET next = next + 1 RETURNING (next - 1)::float8 AS number',
  );
  return front ? -rows[0].number : rows[0].number;
}

async function insertRow(
  sql: Sql,
  ticket: string,
  promptId: string,
  number: number,
  job: NewJob,
): Promise<void> {
  await sql.executeSql(
    `INSERT INTO darkroom.job (ticket, prompt_id, number, client_id, prompt, extra,
                               outputs_to_execute, webhook, idempotency_key)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ticket,
      promptId,
      number,
      job.clientId ?? null,
      job.prompt,
      job.extra ?? '{}',
      JSON.stringify(job.outputs),
      job.webhook ?? null,
      job.idempotencyKey ?? null,
    ],
  );
}
