// PostgreSQL as the database of a queue that several machines share.
import pg from 'pg';
import { DarkroomError } from '../../errors.ts';
import type { Database, OnProblem, Sql } from './database.ts';
import { openPostgresBroadcast } from './postgres-broadcast.ts';
import { isAnswer, unreachable, wasTerminated } from './postgres-errors.ts';

const CONNECT_MS = 10_000;
const MAX_CONNECTIONS = 8;

/** Connects to a server. Throws DR_DATABASE. */
export async function openPostgres(url: string, onProblem: OnProblem): Promise<Database> {
  const settings = {
    connectionString: url,
    application_name: 'darkroom',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
  };
  const pool = new pg.Pool({ ...settings, max: MAX_CONNECTIONS });
  pool.on('error', (error) => onProblem('a connection to the database was lost', error));
  const sql = sqlOf(pool, url);
  try {
    await sql.executeSql('SELECT 1');
  } catch (error) {
    await pool.end();
    throw error instanceof DarkroomError ? error : unreachable(url, error);
  }
  const broadcast = openPostgresBroadcast(settings, sql, onProblem);
  return {
    ...sql,
    exclusive: false,
    // the server refuses writes by itself when its disk is full
    checkFreeSpace: async () => undefined,
    broadcast,
    transaction: (work) => runTransaction(pool, url, work),
    close: async () => {
      await broadcast.close();
      await pool.end();
    },
  };
}

const sqlOf = (client: pg.Pool | pg.PoolClient, url: string): Sql => ({
  executeSql: async <R>(text: string, values?: readonly unknown[]) => {
    const query = (): Promise<pg.QueryResult | pg.QueryResult[]> =>
      client.query(text, values && [...values]);
    try {
      const result = await query().catch((error: unknown) => {
        // an idle connection that was cut fails when it is used; its statement has not been run
        if (client instanceof pg.Pool && wasTerminated(error)) return query();
        throw error;
      });
      return { rows: ((Array.isArray(result) ? result.at(-1) : result)?.rows ?? []) as R[] };
    } catch (error) {
      throw isAnswer(error) ? error : unreachable(url, error);
    }
  },
});

async function runTransaction<T>(
  pool: pg.Pool,
  url: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw unreachable(url, error);
  }
  const sql = sqlOf(client, url);
  let isBroken = false;
  const onError = (): void => {
    isBroken = true;
  };
  client.on('error', onError);
  try {
    await sql.executeSql('BEGIN');
    const result = await work(sql);
    await sql.executeSql('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(isBroken);
  }
}
