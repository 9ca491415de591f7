// PostgreSQL: a pool for queries, one connection that listens, LISTEN/NOTIFY as the wire between machines.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DarkroomError } from '../../errors.ts';
import type { Database, Sql, Wire } from './database.ts';

const CHANNEL = 'darkroom';
// NOTIFY takes less than 8000 bytes
const MAX_PAYLOAD = 7900;
const CONNECT_MS = 10_000;
const AGAIN_MS = 1000;
const LIVES = '2 minutes';

type OnProblem = (message: string, error: unknown) => void;

/** Connects to a server. Throws DR_DATABASE. */
export async function openPostgres(url: string, onProblem: OnProblem): Promise<Database> {
  const settings = {
    connectionString: url,
    application_name: 'darkroom',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
  };
  const pool = new pg.Pool({ ...settings, max: 8 });
  pool.on('error', (error) => onProblem('a connection to the database was lost', error));
  const sqlOf = (client: pg.Pool | pg.PoolClient): Sql => ({
    executeSql: async <R>(text: string, values?: readonly unknown[]) => {
      const ask = (): Promise<pg.QueryResult | pg.QueryResult[]> =>
        client.query(text, values && [...values]);
      try {
        // a connection that was cut while it lay in the pool says so when it is used; what it was asked has not been done
        const result = await ask().catch((error: unknown) =>
          client === pool && wasCut(error) ? ask() : Promise.reject(error),
        );
        return { rows: ((Array.isArray(result) ? result.at(-1) : result)?.rows ?? []) as R[] };
      } catch (error) {
        throw reachable(error) ? error : unreachable(url, error);
      }
    },
  });
  const sql = sqlOf(pool);
  try {
    await sql.executeSql('SELECT 1');
  } catch (error) {
    await pool.end();
    throw error instanceof DarkroomError ? error : unreachable(url, error);
  }
  const wire = openWire(settings, sql, onProblem);
  return {
    ...sql,
    exclusive: false,
    // the server refuses by itself
    checkRoom: async () => undefined,
    wire,
    transaction: async (work) => {
      let client: pg.PoolClient;
      try {
        client = await pool.connect();
      } catch (error) {
        throw unreachable(url, error);
      }
      const inside = sqlOf(client);
      let broken = false;
      const onError = (): void => {
        broken = true;
      };
      client.on('error', onError);
      try {
        await inside.executeSql('BEGIN');
        const result = await work(inside);
        await inside.executeSql('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(onError);
        throw error;
      } finally {
        client.off('error', onError);
        client.release(broken);
      }
    },
    close: async () => {
      await wire.close();
      await pool.end();
    },
  };
}

interface OpenWire extends Wire {
  close(): Promise<void>;
}

function openWire(settings: pg.ClientConfig, sql: Sql, onProblem: OnProblem): OpenWire {
  const listeners = new Set<(text: string) => void>();
  let closed = false;
  let client: pg.Client | undefined;
  let inOrder: Promise<void> = Promise.resolve();
  let sending: Promise<unknown> = Promise.resolve();

  const receive = async (payload: string): Promise<void> => {
    try {
      let text: string | undefined = payload;
      if (payload.startsWith('#'))
        text = (
          await sql.executeSql<{ body: string }>(
            'SELECT body FROM darkroom.message WHERE id = $1',
            [payload.slice(1)],
          )
        ).rows[0]?.body;
      if (text !== undefined) for (const listener of listeners) listener(text);
    } catch (error) {
      onProblem('a message between processes was lost', error);
    }
  };
  const connect = async (): Promise<void> => {
    while (!closed) {
      const current = new pg.Client(settings);
      const lost = new Promise<void>((resolve) => {
        current.on('error', () => resolve());
        current.on('end', () => resolve());
      });
      try {
        current.on('notification', ({ payload }) => {
          inOrder = inOrder.then(() => receive(payload ?? ''));
        });
        await current.connect();
        client = current;
        await current.query(`LISTEN ${CHANNEL}`);
        await lost;
      } catch (error) {
        onProblem('the database can’t be listened to', error);
      }
      client = undefined;
      await current.end().catch(() => undefined);
      if (!closed) await sleep(AGAIN_MS);
    }
  };
  let loop: Promise<void> | undefined;

  return {
    send: (text) => {
      const result = sending.then(async () => {
        if (Buffer.byteLength(text) <= MAX_PAYLOAD && !text.startsWith('#'))
          await sql.executeSql('SELECT pg_notify($1, $2)', [CHANNEL, text]);
        else
          await sql.executeSql(
            `WITH old AS (DELETE FROM darkroom.message WHERE created_at < now() - interval '${LIVES}'),
                  new AS (INSERT INTO darkroom.message (body) VALUES ($2) RETURNING id)
             SELECT pg_notify($1, '#' || id) FROM new`,
            [CHANNEL, text],
          );
      });
      sending = result.catch(() => undefined);
      return result;
    },
    listen: (listener) => {
      listeners.add(listener);
      loop ??= connect();
      return () => listeners.delete(listener);
    },
    close: async () => {
      closed = true;
      await sending;
      await client?.end().catch(() => undefined);
      await loop;
    },
  };
}

/** Whether the server has answered: its errors have an SQLSTATE, of which class 08 and 57P mean that it went away. */
const reachable = (error: unknown): boolean => {
  const { code } = error as { code?: unknown };
  return (
    typeof code === 'string' &&
    /^[0-9A-Z]{5}$/.test(code) &&
    !/^(08|57P)/.test(code) &&
    !code.startsWith('E')
  );
};

/** Whether the server ended the connection (57P01 admin_shutdown); a statement that it had begun is rolled back. */
const wasCut = (error: unknown): boolean => (error as { code?: unknown }).code === '57P01';

const unreachable = (url: string, cause: unknown): DarkroomError =>
  new DarkroomError('DR_DATABASE', {
    message: `the database ${withoutPassword(url)} can't be used: ${cause instanceof Error ? cause.message || String((cause as { code?: string }).code) : cause}`,
    hint: 'See that the server runs and takes connections: postgres://user:password@host:5432/name',
    cause,
  });

const withoutPassword = (url: string): string => url.replace(/:\/\/([^:@/]*):[^@/]*@/, '://$1:…@');
