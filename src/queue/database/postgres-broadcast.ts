// Broadcasts between machines by LISTEN and NOTIFY. A text that is too long for NOTIFY is stored in
// the table darkroom.message, and its id is sent instead.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { serial } from '../../serial.ts';
import type { Broadcast, OnProblem, Sql } from './database.ts';

const CHANNEL = 'darkroom';
/** NOTIFY accepts fewer than 8000 bytes. */
const MAX_PAYLOAD_BYTES = 7900;
const RECONNECT_MS = 1000;
/** How long stored texts can be read. */
const STORED_INTERVAL = '2 minutes';

export interface PostgresBroadcast extends Broadcast {
  close(): Promise<void>;
}

/** Opens a connection that listens, and again whenever it is lost, once there is a subscriber. */
export function openPostgresBroadcast(
  settings: pg.ClientConfig,
  sql: Sql,
  onProblem: OnProblem,
): PostgresBroadcast {
  const listeners = new Set<(text: string) => void>();
  const receiveInTurn = serial();
  const sendInTurn = serial();
  let isClosed = false;
  let client: pg.Client | undefined;
  let listening: Promise<void> | undefined;
  let setReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    setReady = resolve;
  });

  const receive = async (payload: string): Promise<void> => {
    try {
      const text = payload.startsWith('#') ? await readStored(sql, payload.slice(1)) : payload;
      if (text !== undefined) for (const listener of listeners) listener(text);
    } catch (error) {
      onProblem('a message between processes was lost', error);
    }
  };
  const listen = async (): Promise<void> => {
    while (!isClosed) {
      const current = new pg.Client(settings);
      const lost = new Promise<void>((resolve) => {
        current.on('error', () => resolve());
        current.on('end', () => resolve());
      });
      try {
        current.on('notification', ({ payload }) => {
          void receiveInTurn(() => receive(payload ?? ''));
        });
        await current.connect();
        client = current;
        await current.query(`LISTEN ${CHANNEL}`);
        setReady();
        await lost;
      } catch (error) {
        onProblem('messages of other processes can’t be received', error);
        setReady();
      }
      client = undefined;
      await current.end().catch(() => undefined);
      if (!isClosed) await sleep(RECONNECT_MS);
    }
  };

  return {
    send: (text) => sendInTurn(() => notify(sql, text)),
    subscribe: (listener) => {
      listeners.add(listener);
      listening ??= listen();
      return () => listeners.delete(listener);
    },
    ready: () => ready,
    close: async () => {
      isClosed = true;
      await sendInTurn(() => undefined);
      await client?.end().catch(() => undefined);
      await listening;
    },
  };
}

async function notify(sql: Sql, text: string): Promise<void> {
  if (Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES && !text.startsWith('#'))
    await sql.executeSql('SELECT pg_notify($1, $2)', [CHANNEL, text]);
  else
    await sql.executeSql(
      `WITH old AS (DELETE FROM darkroom.message
                    WHERE created_at < now() - interval '${STORED_INTERVAL}'),
            new AS (INSERT INTO darkroom.message (body) VALUES ($2) RETURNING id)
       SELECT pg_notify($1, '#' || id) FROM new`,
      [CHANNEL, text],
    );
}

async function readStored(sql: Sql, id: string): Promise<string | undefined> {
  const { rows } = await sql.readSql<{ body: string }>(
    'SELECT body FROM darkroom.message WHERE id = $1',
    [id],
  );
  return rows[0]?.body;
}
