// What is kept of jobs: their rows, states and numbers. Every change of a state is one transaction with pg-boss's part in it,
// and is made only from the state, and by the attempt, that it is meant for: so a job has one end.
import { randomUUID } from 'node:crypto';
import { DarkroomError } from '../errors.ts';
import type { Boss } from './boss.ts';
import type { AcceptedJob, EndState, NewJob, QueueCounts } from './contract.ts';
import type { Database, Sql } from './database/database.ts';
import { LOCK } from './database/schema.ts';

/** A job that an attempt holds. */
export interface HeldJob {
  readonly ticket: string;
  readonly attempt: string;
  readonly promptId: string;
  readonly number: number;
  readonly clientId?: string;
  readonly prompt: string;
  readonly extra: string;
  readonly outputs: readonly string[];
  /** Starts so far, this one included. */
  readonly attempts: number;
  readonly interrupt: boolean;
}

/** What is stored at the end: parts of the history's JSON. */
export interface Result {
  readonly state: Exclude<EndState, 'removed'>;
  readonly outputs: string;
  readonly meta: string;
  readonly status: string;
  readonly error?: string;
}

/** What a held job hears: to go on, that it was interrupted, that it is no longer held. */
export type Heard = 'on' | 'interrupt' | 'lost';

export interface Jobs {
  add(job: NewJob, limit: number | undefined): Promise<AcceptedJob>;
  /** Takes the next job; undefined when none is due. */
  take(worker: string): Promise<HeldJob | undefined>;
  /** Keeps hold of a job. */
  hold(job: HeldJob): Promise<Heard>;
  /** Gives a job back to be started again; an attempt that is `forgiven` does not count. False when it was no longer held. */
  giveBack(job: HeldJob, forgiven: boolean): Promise<boolean>;
  /** Ends a job. False when it was no longer held. */
  finish(job: HeldJob, result: Result): Promise<boolean>;
  /** Takes pending jobs out, all without ids; gives those that were. */
  remove(
    promptIds?: readonly string[],
  ): Promise<readonly { readonly promptId: string; readonly clientId?: string }[]>;
  /** Marks running jobs; gives their ids. */
  interrupt(promptId?: string): Promise<readonly string[]>;
  counts(): Promise<QueueCounts>;
  /** Everything that was running was left by a process that died. */
  releaseAll(): Promise<void>;
  /** Makes jobs of dead workers due again, forgets what is old. True when something is due that was not. */
  tend(historyLimit: number): Promise<boolean>;
}

interface JobRow {
  readonly ticket: string;
  readonly prompt_id: string;
  readonly number: number;
  readonly client_id: string | null;
  readonly prompt: string;
  readonly extra: string;
  readonly outputs_to_execute: string;
  readonly webhook: string | null;
  readonly attempts: number;
  readonly interrupt: boolean;
}

const REMOVED_LIVES = '1 day';

export function createJobs(database: Database, boss: Boss, leaseSeconds: number): Jobs {
  const known = async (sql: Sql, key: string): Promise<AcceptedJob | undefined> => {
    const { rows } = await sql.executeSql<JobRow>(
      'SELECT prompt_id, number FROM darkroom.job WHERE idempotency_key = $1',
      [key],
    );
    return rows[0] && { promptId: rows[0].prompt_id, number: rows[0].number, added: false };
  };

  const add: Jobs['add'] = (job, limit) =>
    database.transaction(async (sql) => {
      // one after another, so that numbers are given in the order in which jobs become visible
      await sql.executeSql(`SELECT pg_advisory_xact_lock(${LOCK})`);
      const before =
        job.idempotencyKey === undefined ? undefined : await known(sql, job.idempotencyKey);
      if (before) return before;
      if (limit !== undefined) {
        const { rows } = await sql.executeSql<{ n: number }>(
          `SELECT count(*)::int AS n FROM darkroom.job WHERE state = 'pending'`,
        );
        if (rows[0].n >= limit)
          throw new DarkroomError('DR_QUEUE_FULL', {
            message: `${rows[0].n} jobs wait already; the limit is ${limit}`,
            hint: 'Try again when some have run.',
          });
      }
      const ticket = randomUUID();
      const promptId = job.promptId ?? randomUUID();
      const next = async (): Promise<number> =>
        (
          await sql.executeSql<{ n: number }>(
            'UPDATE darkroom.counter SET next = next + 1 RETURNING (next - 1)::float8 AS n',
          )
        ).rows[0].n;
      const number = job.number ?? (job.front ? -(await next()) : await next());
      await sql.executeSql(
        `INSERT INTO darkroom.job (ticket, prompt_id, number, client_id, prompt, extra, outputs_to_execute, webhook, idempotency_key)
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
      await boss.put(sql, ticket, number);
      return { promptId, number: number === 0 ? 0 : number, added: true };
    });

  const take: Jobs['take'] = async (worker) => {
    for (;;) {
      const ticket = await boss.take();
      if (ticket === undefined) return undefined;
      const attempt = randomUUID();
      const { rows } = await database.executeSql<JobRow>(
        `UPDATE darkroom.job SET state = 'running', attempts = attempts + 1, attempt = $2, worker = $3, heard_at = now(),
                started_at = coalesce(started_at, now())
         WHERE ticket = $1 AND state IN ('pending', 'running')
         RETURNING *`,
        [ticket, attempt, worker],
      );
      const row = rows[0];
      if (row)
        return {
          ticket,
          attempt,
          promptId: row.prompt_id,
          number: row.number,
          clientId: row.client_id ?? undefined,
          prompt: row.prompt,
          extra: row.extra,
          outputs: JSON.parse(row.outputs_to_execute),
          attempts: row.attempts,
          interrupt: row.interrupt,
        };
      // taken out meanwhile
      await boss.finish(database, ticket);
    }
  };

  const hold: Jobs['hold'] = ({ ticket, attempt }) =>
    database.transaction(async (sql) => {
      const { rows } = await sql.executeSql<JobRow>(
        `UPDATE darkroom.job SET heard_at = now() WHERE ticket = $1 AND attempt = $2 AND state = 'running' RETURNING interrupt`,
        [ticket, attempt],
      );
      if (rows.length === 0) return 'lost';
      await boss.hold(sql, ticket);
      return rows[0].interrupt ? 'interrupt' : 'on';
    });

  const giveBack: Jobs['giveBack'] = ({ ticket, attempt }, forgiven) =>
    database.transaction(async (sql) => {
      const { rows } = await sql.executeSql(
        `UPDATE darkroom.job SET state = 'pending', attempt = NULL, worker = NULL, attempts = attempts - $3::int
         WHERE ticket = $1 AND attempt = $2 AND state = 'running' RETURNING ticket`,
        [ticket, attempt, forgiven ? 1 : 0],
      );
      if (rows.length > 0) await boss.giveBack(sql, [ticket]);
      return rows.length > 0;
    });

  const finish: Jobs['finish'] = ({ ticket, attempt }, { state, outputs, meta, status, error }) =>
    database.transaction(async (sql) => {
      const { rows } = await sql.executeSql<JobRow>(
        `UPDATE darkroom.job SET state = $3, outputs = $4, meta = $5, status = $6, error = $7, ended_at = now(),
                ending = nextval('darkroom.ending'), attempt = NULL
         WHERE ticket = $1 AND attempt = $2 AND state = 'running' RETURNING prompt_id, webhook`,
        [ticket, attempt, state, outputs, meta, status, error ?? null],
      );
      if (rows.length === 0) return false;
      // a client may use an id again: the later job is the one the history tells of
      await sql.executeSql(
        'DELETE FROM darkroom.job WHERE prompt_id = $1 AND ending IS NOT NULL AND ticket <> $2',
        [rows[0].prompt_id, ticket],
      );
      await boss.finish(sql, ticket);
      if (rows[0].webhook !== null) await boss.putWebhook(sql, ticket);
      return true;
    });

  const remove: Jobs['remove'] = (promptIds) =>
    database.transaction(async (sql) => {
      const { rows } = await sql.executeSql<JobRow>(
        `UPDATE darkroom.job SET state = 'removed', ended_at = now()
         WHERE state = 'pending' AND ($1::text IS NULL OR prompt_id IN (SELECT json_array_elements_text($1::json)))
         RETURNING ticket, prompt_id, client_id`,
        [promptIds === undefined ? null : JSON.stringify(promptIds)],
      );
      await boss.cancel(
        sql,
        rows.map(({ ticket }) => ticket),
      );
      return rows.map((row) => ({ promptId: row.prompt_id, clientId: row.client_id ?? undefined }));
    });

  const interrupt: Jobs['interrupt'] = async (promptId) => {
    const { rows } = await database.executeSql<JobRow>(
      `UPDATE darkroom.job SET interrupt = true WHERE state = 'running' AND ($1::text IS NULL OR prompt_id = $1) RETURNING prompt_id`,
      [promptId ?? null],
    );
    return rows.map((row) => row.prompt_id);
  };

  const counts: Jobs['counts'] = async () => {
    const { rows } = await database.executeSql<{ running: number; pending: number }>(
      `SELECT count(*) FILTER (WHERE state = 'running')::int AS running, count(*) FILTER (WHERE state = 'pending')::int AS pending
       FROM darkroom.job WHERE state IN ('pending', 'running')`,
    );
    const { running, pending } = rows[0];
    return { running, pending, remaining: running + pending };
  };

  const releaseAll: Jobs['releaseAll'] = async () => {
    const held = await boss.held();
    await database.transaction(async (sql) => {
      await boss.giveBack(sql, held);
      await sql.executeSql(
        `UPDATE darkroom.job SET state = 'pending', attempt = NULL, worker = NULL WHERE state = 'running'`,
      );
    });
  };

  const tend: Jobs['tend'] = async (historyLimit) => {
    await boss.expire();
    // a job taken in this moment has been heard of just now
    const silent = `heard_at < now() - ${leaseSeconds} * interval '1 second'`;
    const { rows: due } = await database.executeSql(
      `UPDATE darkroom.job j SET state = 'pending', attempt = NULL, worker = NULL FROM pgboss.job b
       WHERE b.id = j.ticket AND b.state < 'active' AND j.state = 'running' AND ${silent} RETURNING j.ticket`,
    );
    // never seen, but then nothing would run these: pg-boss has forgotten them
    const { rows: lost } = await database.executeSql<JobRow>(
      `SELECT j.ticket, j.number FROM darkroom.job j LEFT JOIN pgboss.job b ON b.id = j.ticket
       WHERE j.state IN ('pending', 'running') AND (b.id IS NULL OR b.state > 'active') AND ${silent}`,
    );
    for (const { ticket, number } of lost)
      await database.transaction(async (sql) => {
        const { rows } = await sql.executeSql(
          `UPDATE darkroom.job SET state = 'pending', attempt = NULL, heard_at = now()
           WHERE ticket = $1 AND state IN ('pending', 'running') AND ${silent} RETURNING ticket`,
          [ticket],
        );
        if (rows.length > 0) await boss.put(sql, ticket, number);
      });
    await database.executeSql(
      `DELETE FROM darkroom.job WHERE ending < (SELECT ending FROM darkroom.job WHERE ending IS NOT NULL ORDER BY ending DESC OFFSET $1 LIMIT 1)`,
      [Math.max(0, historyLimit - 1)],
    );
    await database.executeSql(
      `DELETE FROM darkroom.job WHERE state = 'removed' AND ended_at < now() - interval '${REMOVED_LIVES}'`,
    );
    return due.length + lost.length > 0;
  };

  return { add, take, hold, giveBack, finish, remove, interrupt, counts, releaseAll, tend };
}
