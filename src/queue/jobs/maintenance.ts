// Maintenance of the jobs: those of dead workers, those that pg-boss has lost, and old ones.
import { BOSS_JOBS, hasEndedInBoss, isDueInBoss } from '../pg-boss.ts';
import type { JobTables } from './job-types.ts';

/** How long removed jobs stay in the table, for clients that request their status. */
const REMOVED_INTERVAL = '1 day';

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
export async function maintainJobs(tables: JobTables, historyLimit: number): Promise<boolean> {
  await tables.boss.expireLeases();
  const expired = await resetExpiredJobs(tables);
  const lost = await insertLostJobs(tables);
  await trimHistory(tables, historyLimit);
  await deleteRemovedJobs(tables);
  return expired + lost > 0;
}

/** An SQL condition: no attempt has taken the job or renewed its lease for the time of a lease. */
const isSilent = ({ leaseSeconds }: JobTables): string =>
  `heard_at < now() - ${leaseSeconds} * interval '1 second'`;

/** Makes our rows pending where pg-boss has made the job due again; returns how many. */
async function resetExpiredJobs(tables: JobTables): Promise<number> {
  // a job that is taken at this moment is not silent
  const { rows } = await tables.database.executeSql(
    `UPDATE darkroom.job j SET state = 'pending', attempt = NULL, worker = NULL
     FROM ${BOSS_JOBS} b
     WHERE b.id = j.ticket AND ${isDueInBoss('b')} AND j.state = 'running' AND ${isSilent(tables)}
     RETURNING j.ticket`,
  );
  return rows.length;
}

/**
 * Inserts jobs into pg-boss again that it lacks or considers ended; returns how many. This has
 * never been observed, but such jobs would never run.
 */
async function insertLostJobs(tables: JobTables): Promise<number> {
  const { database, boss } = tables;
  const silent = isSilent(tables);
  const { rows: lost } = await database.executeSql<{ ticket: string; number: number }>(
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

async function trimHistory({ database }: JobTables, limit: number): Promise<void> {
  await database.executeSql(
    `DELETE FROM darkroom.job
     WHERE ending < (SELECT ending FROM darkroom.job WHERE ending IS NOT NULL
                     ORDER BY ending DESC OFFSET $1 LIMIT 1)`,
    [Math.max(0, limit - 1)],
  );
}

async function deleteRemovedJobs({ database }: JobTables): Promise<void> {
  await database.executeSql(
    `DELETE FROM darkroom.job
     WHERE state = 'removed' AND ended_at < now() - interval '${REMOVED_INTERVAL}'`,
  );
}
