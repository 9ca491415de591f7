// Maintenance of the jobs: those of dead workers, those that pg-boss has lost, and old ones.

import type { Sql } from '../database/database.ts';
import { JOB_BYTES } from '../job-rows.ts';
import { BOSS_JOBS, hasEndedInBoss, isHeldInBoss } from '../pg-boss.ts';
import type { HeldJob, JobTables, MaintainOptions } from './job-types.ts';
import { keepHold } from './lease.ts';

/** How long removed jobs stay in the table, for clients that request their status. */
const REMOVED_INTERVAL = '1 day';
/** How many bytes the texts of the history may have. */
const HISTORY_BYTES = 2 ** 30;

/** Releases every running job: their processes have died. */
export async function releaseAllJobs({ database, boss }: JobTables): Promise<void> {
  const tickets = await boss.listHeld();
  await database.transaction(async (sql) => {
    await boss.release(sql, tickets);
    await sql.executeSql(
      `UPDATE darkroom.job SET state = 'pending', attempt = NULL, worker = NULL
       WHERE state = 'running'`,
    );
  });
}

/** Makes the jobs of dead workers due again, and deletes what is too old. See `Jobs.maintain`. */
export async function maintainJobs(
  tables: JobTables,
  { historyLimit, historyBytes = HISTORY_BYTES, isClockSettled, held }: MaintainOptions,
): Promise<boolean> {
  await endClockJumps(tables);
  const expired = isClockSettled ? await releaseExpiredJobs(tables, held) : 0;
  const lost = await insertLostJobs(tables);
  await tables.boss.maintain();
  await trimHistory(tables, historyLimit, historyBytes);
  await deleteRemovedJobs(tables);
  return expired + lost > 0;
}

/** The time of the database in milliseconds since 1970. */
export async function databaseTime({ database }: JobTables): Promise<number> {
  const { rows } = await database.readSql<{ ms: number }>(
    'SELECT (extract(epoch FROM now()) * 1000)::float8 AS ms',
  );
  return rows[0].ms;
}

/** Begins leases anew that were renewed in the future: the clock has gone back since. */
async function endClockJumps({ database }: JobTables): Promise<void> {
  await database.executeSql(
    `UPDATE darkroom.job SET heard_at = now()
     WHERE state IN ('pending', 'running') AND heard_at > now() + interval '10 seconds'`,
  );
}

/** An SQL condition: no attempt has taken the job or renewed its lease for the time of a lease. */
const isSilent = ({ leaseSeconds }: JobTables): string =>
  `heard_at < now() - ${leaseSeconds} * interval '1 second'`;

/**
 * Makes jobs due again whose leases have ended; returns how many. Their attempts are still known:
 * one that was only suspended takes its job again (keepHold). `held`, the jobs of this process, are
 * renewed in the same transaction, whose time stands still if the process is suspended within.
 */
const releaseExpiredJobs = (tables: JobTables, held: Iterable<HeldJob>): Promise<number> =>
  tables.database.transaction(async (sql) => {
    for (const job of held) await keepHold(tables, sql, job);
    // a row that is locked is being renewed
    const { rows } = await sql.executeSql<{ ticket: string }>(
      `UPDATE darkroom.job SET state = 'pending', worker = NULL
       WHERE ticket IN (SELECT ticket FROM darkroom.job
                        WHERE state = 'running' AND ${isSilent(tables)} FOR UPDATE SKIP LOCKED)
       RETURNING ticket`,
    );
    const expired = [...rows, ...(await listHalfTaken(tables, sql))];
    await tables.boss.release(
      sql,
      expired.map(({ ticket }) => ticket),
    );
    return expired.length;
  });

/** The jobs whose worker died after it had taken them in pg-boss, and before it held them. */
async function listHalfTaken({ leaseSeconds }: JobTables, sql: Sql): Promise<{ ticket: string }[]> {
  const { rows } = await sql.executeSql<{ ticket: string }>(
    `SELECT j.ticket FROM darkroom.job j JOIN ${BOSS_JOBS} b ON b.id = j.ticket
     WHERE j.state = 'pending' AND ${isHeldInBoss('b', leaseSeconds)}
     FOR UPDATE OF j SKIP LOCKED`,
  );
  return rows;
}

/**
 * Inserts jobs into pg-boss again that it lacks or considers ended; returns how many. This has
 * never been observed, but such jobs would never run.
 */
async function insertLostJobs(tables: JobTables): Promise<number> {
  const { database, boss } = tables;
  const silent = isSilent(tables);
  const { rows: lost } = await database.readSql<{ ticket: string; number: number }>(
    `SELECT j.ticket, j.number
     FROM darkroom.job j LEFT JOIN ${BOSS_JOBS} b ON b.id = j.ticket
     WHERE j.state IN ('pending', 'running') AND (b.id IS NULL OR ${hasEndedInBoss('b')})
       AND ${silent}`,
  );
  for (const { ticket, number } of lost)
    await database.transaction(async (sql) => {
      const { rows } = await sql.executeSql(
        `UPDATE darkroom.job SET state = 'pending', attempt = NULL, heard_at = now()
         WHERE ticket = $1 AND state IN ('pending', 'running') AND ${silent} RETURNING ticket`,
        [ticket],
      );
      if (rows.length > 0) await boss.insert(sql, ticket, number);
    });
  return lost.length;
}

async function trimHistory({ database }: JobTables, limit: number, bytes: number): Promise<void> {
  await database.executeSql(
    `DELETE FROM darkroom.job
     WHERE ending < (SELECT ending FROM darkroom.job WHERE ending IS NOT NULL
                     ORDER BY ending DESC OFFSET $1 LIMIT 1)`,
    [Math.max(0, limit - 1)],
  );
  await database.executeSql(
    `DELETE FROM darkroom.job
     WHERE ending <= (SELECT max(ending) FROM (
       SELECT ending, sum(${JOB_BYTES}) OVER (ORDER BY ending DESC) AS total
       FROM darkroom.job WHERE ending IS NOT NULL) AS sums WHERE total > $1)`,
    [bytes],
  );
}

async function deleteRemovedJobs({ database }: JobTables): Promise<void> {
  await database.executeSql(
    `DELETE FROM darkroom.job
     WHERE state = 'removed' AND ended_at < now() - interval '${REMOVED_INTERVAL}'`,
  );
}
