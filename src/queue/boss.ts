// pg-boss: which job is next, who holds it, and when it is due again. A job of ours and its pg-boss job have the same id.
import PgBoss from 'pg-boss';
import type { Database, Sql } from './database/database.ts';

const JOBS = 'darkroom-jobs';
const WEBHOOKS = 'darkroom-webhooks';
/** Attempts are counted by us, since not every start counts; a job must never be dropped by pg-boss. */
const ALWAYS = 1_000_000_000;
const LONG_DAYS = 36_500;
const WEBHOOK_LIMITS = {
  retryLimit: 6,
  retryDelay: 2,
  retryBackoff: true,
  expireInSeconds: 60,
  retentionDays: 7,
};

export interface Boss {
  put(sql: Sql, ticket: string, number: number): Promise<void>;
  /** The next job's id; it is then held for the lease. */
  take(): Promise<string | undefined>;
  /** Holds it for another lease. */
  hold(sql: Sql, ticket: string): Promise<void>;
  /** It is due again at once. */
  giveBack(sql: Sql, tickets: readonly string[]): Promise<void>;
  finish(sql: Sql, ticket: string): Promise<void>;
  cancel(sql: Sql, tickets: readonly string[]): Promise<void>;
  /** Makes jobs whose lease has passed due again. */
  expire(): Promise<void>;
  /** Jobs that are held by anyone. */
  held(): Promise<string[]>;
  putWebhook(sql: Sql, ticket: string): Promise<void>;
  takeWebhook(): Promise<{ id: string; ticket: string } | undefined>;
  endWebhook(id: string, error?: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startBoss(
  database: Database,
  leaseSeconds: number,
  onError: (error: Error) => void,
): Promise<Boss> {
  const db = { executeSql: (text: string, values: unknown[]) => database.executeSql(text, values) };
  const boss = new PgBoss({
    db,
    schedule: false,
    archiveCompletedAfterSeconds: 3600,
    deleteAfterDays: 1,
  });
  boss.on('error', onError);
  await boss.start();
  for (const name of [JOBS, WEBHOOKS])
    if (!(await boss.getQueue(name))) await boss.createQueue(name, { name, policy: 'standard' });
  const via = (sql: Sql) => ({
    db: { executeSql: (text: string, values: unknown[]) => sql.executeSql(text, values) },
  });
  const limits = {
    expireInSeconds: leaseSeconds,
    retryLimit: ALWAYS,
    retryDelay: 0,
    retentionDays: LONG_DAYS,
  };

  return {
    put: async (sql, ticket, number) => {
      await boss.deleteJob(JOBS, ticket, via(sql));
      const id = await boss.send(
        JOBS,
        {},
        { id: ticket, priority: priorityOf(number), ...limits, ...via(sql) },
      );
      if (id === null) throw new Error('internal: pg-boss did not take a job');
    },
    take: async () => (await boss.fetch(JOBS, { batchSize: 1 }))[0]?.id,
    // pg-boss 10 has no heartbeats: a job expires by the time since its start
    hold: async (sql, ticket) => {
      await sql.executeSql(
        `UPDATE pgboss.job SET started_on = now() WHERE name = $1 AND id = $2 AND state = 'active'`,
        [JOBS, ticket],
      );
    },
    giveBack: async (sql, tickets) => {
      for (const ticket of tickets) await boss.fail(JOBS, ticket, {}, via(sql));
    },
    finish: async (sql, ticket) => {
      await boss.complete(JOBS, ticket, {}, via(sql));
    },
    cancel: async (sql, tickets) => {
      if (tickets.length > 0) await boss.cancel(JOBS, [...tickets], via(sql));
    },
    expire: () => boss.expire(),
    held: async () => {
      const { rows } = await database.executeSql<{ id: string }>(
        `SELECT id FROM pgboss.job WHERE name = $1 AND state = 'active'`,
        [JOBS],
      );
      return rows.map(({ id }) => id);
    },
    putWebhook: async (sql, ticket) => {
      await boss.send(WEBHOOKS, { ticket }, { ...WEBHOOK_LIMITS, ...via(sql) });
    },
    takeWebhook: async () => {
      const [job] = await boss.fetch<{ ticket: string }>(WEBHOOKS, { batchSize: 1 });
      return job && { id: job.id, ticket: job.data.ticket };
    },
    endWebhook: async (id, error) => {
      if (error === undefined) await boss.complete(WEBHOOKS, id);
      else await boss.fail(WEBHOOKS, id, { error });
    },
    stop: () => boss.stop({ graceful: false, close: false, wait: true }),
  };
}

const bits = new DataView(new ArrayBuffer(4));

/** pg-boss runs larger integers first: a number as float32, whose bits, seen as an integer, have the same order. */
export function priorityOf(number: number): number {
  bits.setFloat32(0, number === 0 ? 0 : number);
  const integer = bits.getInt32(0);
  const ordered = integer < 0 ? integer ^ 0x7fffffff : integer;
  return -1 - ordered;
}
