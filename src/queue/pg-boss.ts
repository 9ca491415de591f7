// pg-boss decides which job is next, which attempt holds it, and when it is due again. A job of
// ours and its pg-boss job have the same id, the ticket. All use of pg-boss's own tables is in this
// file.
import PgBoss from 'pg-boss';
import type { Database, Sql } from './database/database.ts';

const JOBS = 'darkroom-jobs';
const WEBHOOKS = 'darkroom-webhooks';
/**
 * Attempts are counted in darkroom.job, since not every start counts; pg-boss never drops a job.
 */
const JOB_LIMITS = {
  retryLimit: 1_000_000_000,
  retryDelay: 0,
  retentionDays: 36_500,
  /** The longest that pg-boss allows: leases are in darkroom.job, where they are renewed. */
  expireInSeconds: 24 * 3600 - 1,
};
const WEBHOOK_LIMITS = {
  retryLimit: 6,
  retryDelay: 2,
  retryBackoff: true,
  expireInSeconds: 60,
  retentionDays: 7,
};

export interface DueWebhook {
  readonly id: string;
  readonly ticket: string;
}

/** How often ended jobs are archived and deleted. */
const CLEAN_MS = 120_000;

export interface Boss {
  /** Adds a job, in place of one with the same ticket. */
  insert(sql: Sql, ticket: string, number: number): Promise<void>;
  /** Takes the next job and returns its ticket. */
  take(): Promise<string | undefined>;
  /** Keeps a job that is held from expiring in pg-boss. */
  renew(sql: Sql, ticket: string): Promise<void>;
  /** Takes one job if it is due. Returns false when it is held already, or has ended. */
  takeAgain(sql: Sql, ticket: string): Promise<boolean>;
  /** Makes jobs due again at once. */
  release(sql: Sql, tickets: readonly string[]): Promise<void>;
  complete(sql: Sql, ticket: string): Promise<void>;
  cancel(sql: Sql, tickets: readonly string[]): Promise<void>;
  /** Makes webhooks due again whose process has died; removes ended jobs from time to time. */
  maintain(): Promise<void>;
  /** The tickets of the jobs that are held. */
  listHeld(): Promise<string[]>;
  insertWebhook(sql: Sql, ticket: string): Promise<void>;
  /** Takes webhooks that are due, at most `count`. */
  takeWebhooks(count: number): Promise<readonly DueWebhook[]>;
  /**
   * Completes a webhook; with an error it is due again later, unless it has failed too often or
   * `isFinal`.
   */
  endWebhook(id: string, error?: string, isFinal?: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Starts pg-boss on a database, creating its tables if needed. */
export async function startBoss(
  database: Database,
  onError: (error: Error) => void,
): Promise<Boss> {
  const boss = new PgBoss({
    ...using(database),
    schedule: false,
    // `maintain` does it, when no suspension has just ended
    supervise: false,
    archiveCompletedAfterSeconds: 3600,
    deleteAfterDays: 1,
  });
  boss.on('error', onError);
  await boss.start();
  for (const name of [JOBS, WEBHOOKS])
    if (!(await boss.getQueue(name))) await boss.createQueue(name, { name, policy: 'standard' });
  return {
    insert: async (sql, ticket, number) => {
      await boss.deleteJob(JOBS, ticket, using(sql));
      const options = { id: ticket, priority: priorityOf(number), ...JOB_LIMITS, ...using(sql) };
      const id = await boss.send(JOBS, {}, options);
      if (id === null) throw new Error('internal: pg-boss did not accept a job');
    },
    // jobs are due at once, even if the clock has gone back since
    take: async () => (await boss.fetch(JOBS, { batchSize: 1, ignoreStartAfter: true }))[0]?.id,
    renew: restartJob,
    takeAgain: activateJob,
    release: async (sql, tickets) => {
      for (const ticket of tickets) await boss.fail(JOBS, ticket, {}, using(sql));
    },
    complete: async (sql, ticket) => {
      await boss.complete(JOBS, ticket, {}, using(sql));
    },
    cancel: async (sql, tickets) => {
      if (tickets.length > 0) await boss.cancel(JOBS, [...tickets], using(sql));
    },
    maintain: maintenanceOf(boss, database),
    listHeld: () => listActiveJobs(database),
    ...webhooksOf(boss),
    stop: () => boss.stop({ graceful: false, close: false, wait: true }),
  };
}

function maintenanceOf(boss: PgBoss, database: Database): Boss['maintain'] {
  let cleanedAt = performance.now();
  return async () => {
    await hastenWebhooks(database);
    const isDue = performance.now() - cleanedAt > CLEAN_MS;
    if (isDue) cleanedAt = performance.now();
    await (isDue ? boss.maintain() : boss.expire());
  };
}

const webhooksOf = (boss: PgBoss): Pick<Boss, 'insertWebhook' | 'takeWebhooks' | 'endWebhook'> => ({
  insertWebhook: async (sql, ticket) => {
    await boss.send(WEBHOOKS, { ticket }, { ...WEBHOOK_LIMITS, ...using(sql) });
  },
  takeWebhooks: async (count) => {
    const jobs = await boss.fetch<{ ticket: string }>(WEBHOOKS, { batchSize: count });
    return jobs.map(({ id, data }) => ({ id, ticket: data.ticket }));
  },
  endWebhook: async (id, error, isFinal = false) => {
    if (error === undefined) await boss.complete(WEBHOOKS, id);
    else if (isFinal) await boss.complete(WEBHOOKS, id, { error });
    else await boss.fail(WEBHOOKS, id, { error });
  },
});

/** The option that makes pg-boss use this connection or transaction. */
const using = (sql: Sql) => ({
  db: { executeSql: (text: string, values: unknown[]) => sql.executeSql(text, values) },
});

// Below: SQL on pg-boss 10's own table pgboss.job. Its column `state` is an enum in the order
// created, retry, active, completed, cancelled, failed.

/** The table of pg-boss's jobs, to be joined by `id` with a ticket. */
export const BOSS_JOBS = 'pgboss.job';

/**
 * An SQL condition: the job, a row of BOSS_JOBS under the name `alias`, was taken that long ago.
 */
export const isHeldInBoss = (alias: string, seconds: number): string =>
  `${alias}.state = 'active' AND ${alias}.started_on
   NOT BETWEEN now() - ${seconds} * interval '1 second' AND now() + interval '10 seconds'`;

/** An SQL condition: the job, a row of BOSS_JOBS under the name `alias`, has ended for pg-boss. */
export const hasEndedInBoss = (alias: string): string => `${alias}.state > 'active'`;

/** Jobs that Darkroom 0.1 inserted expire sooner: the time is set as well. */
async function restartJob(sql: Sql, ticket: string): Promise<void> {
  await sql.executeSql(
    `UPDATE pgboss.job SET started_on = now(), expire_in = $3 * interval '1 second'
     WHERE name = $1 AND id = $2 AND state = 'active'`,
    [JOBS, ticket, JOB_LIMITS.expireInSeconds],
  );
}

async function activateJob(sql: Sql, ticket: string): Promise<boolean> {
  const { rows } = await sql.executeSql(
    `UPDATE pgboss.job SET state = 'active', started_on = now()
     WHERE name = $1 AND id = $2 AND state < 'active' RETURNING id`,
    [JOBS, ticket],
  );
  return rows.length > 0;
}

/**
 * No webhook waits longer than some minutes for its next try: where one does, the clock has gone
 * back.
 */
async function hastenWebhooks(sql: Sql): Promise<void> {
  await sql.executeSql(
    `UPDATE pgboss.job SET start_after = now()
     WHERE name = $1 AND state < 'active' AND start_after > now() + interval '10 minutes'`,
    [WEBHOOKS],
  );
}

async function listActiveJobs(sql: Sql): Promise<string[]> {
  const { rows } = await sql.readSql<{ id: string }>(
    `SELECT id FROM pgboss.job WHERE name = $1 AND state = 'active'`,
    [JOBS],
  );
  return rows.map(({ id }) => id);
}

const view = new DataView(new ArrayBuffer(4));

/**
 * The pg-boss priority of a job number: a 32-bit integer, larger for smaller numbers. It comes from
 * the bits of the number as float32, which are ordered as integers, up to the sign.
 */
export function priorityOf(number: number): number {
  view.setFloat32(0, number === 0 ? 0 : number);
  const bits = view.getInt32(0);
  const ordered = bits < 0 ? bits ^ 0x7fffffff : bits;
  return -1 - ordered;
}
