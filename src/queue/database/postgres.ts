// PostgreSQL as the database of a queue that several machines share.
import pg from 'pg';
import { DarkroomError } from '../../errors.ts';
import type { Database, OnProblem, Sql } from './database.ts';
import { openPostgresBroadcast } from './postgres-broadcast.ts';
import { hasNotRun, isAnswer, unreachable } from './postgres-errors.ts';

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

/** Statements that each take a connection of the pool. */
function sqlOf(pool: pg.Pool, url: string): Sql {
  const run = async <R>(text: string, values?: readonly unknown[]): Promise<{ rows: R[] }> => {
    const connection = await connect(pool, url);
    try {
      return await connection.run<R>(text, values);
    } finally {
      connection.release();
    }
  };
  return {
    executeSql: (text, values) => repeated(url, () => run(text, values), hasNotRun),
    readSql: (text, values) => repeated(url, () => run(text, values)),
  };
}

async function runTransaction<T>(
  pool: pg.Pool,
  url: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const { run, release } = await repeated(url, () => begin(pool, url));
  const executeSql: Sql['executeSql'] = (text, values) =>
    repeated(url, () => run(text, values), never);
  try {
    const result = await work({ executeSql, readSql: executeSql });
    await executeSql('COMMIT');
    return result;
  } catch (error) {
    await run('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    release();
  }
}

/** Takes a connection and begins a transaction. */
async function begin(pool: pg.Pool, url: string): Promise<Connection> {
  const connection = await connect(pool, url);
  try {
    await connection.run('BEGIN');
    return connection;
  } catch (error) {
    connection.release();
    throw error;
  }
}

/** A connection of the pool. */
interface Connection {
  /** Throws ConnectionLost, or the server's error; either way, it is not used again. */
  run<R>(text: string, values?: readonly unknown[]): Promise<{ rows: R[] }>;
  release(): void;
}

class ConnectionLost extends Error {}

/** Throws ConnectionLost when the server has ended the new connection, DR_DATABASE for all else. */
async function connect(pool: pg.Pool, url: string): Promise<Connection> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw hasNotRun(cause) ? new ConnectionLost('', { cause }) : unreachable(url, cause);
  });
  let hasFailed = false;
  const onError = (): void => {
    hasFailed = true;
  };
  client.on('error', onError);
  return {
    run: async <R>(text: string, values?: readonly unknown[]) => {
      try {
        const result: pg.QueryResult | pg.QueryResult[] = await client.query(
          text,
          values && [...values],
        );
        return { rows: ((Array.isArray(result) ? result.at(-1) : result)?.rows ?? []) as R[] };
      } catch (cause) {
        hasFailed = true;
        throw isAnswer(cause) ? cause : new ConnectionLost('', { cause });
      }
    },
    release: () => {
      client.off('error', onError);
      client.release(hasFailed);
    },
  };
}

const always = (): boolean => true;
const never = (): boolean => false;

/**
 * Repeats `run` after a loss of its connection if `mayRepeat` its cause. A connection that was cut
 * while it was idle shows that when it is used, and all of the pool may have been cut. Throws
 * DR_DATABASE in place of ConnectionLost.
 */
async function repeated<T>(
  url: string,
  run: () => Promise<T>,
  mayRepeat: (cause: unknown) => boolean = always,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      if (tries > MAX_CONNECTIONS || !mayRepeat(error.cause)) throw unreachable(url, error.cause);
    }
  }
}
