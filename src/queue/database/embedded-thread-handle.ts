// The program's side of the thread that holds the embedded database.
import { DarkroomError } from '../../errors.ts';
import { startThread } from '../../start-module.ts';
import { type AwakeTimeout, awakeTimeout } from '../awake-timeout.ts';
import type { Row } from './database.ts';
import type { FromThread, ToThread } from './embedded-thread.ts';

// a database whose write-ahead log finds no space on the disk hangs instead of failing
const OPEN_MS = 120_000;

export interface DatabaseThread {
  isAlive(): boolean;
  /** Throws the error of the database, or that of a thread that has died. */
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Closes the database and ends the thread, by force after `answerMs`. */
  end(): Promise<void>;
  /** Ends the thread at once; the database is left as after a crash. */
  abandon(cause: DarkroomError): void;
}

/**
 * Starts the thread. `folder` is that of the database's files; undefined for memory. The thread is
 * stopped when a query takes longer than `answerMs`. `failure` creates the error of a dead thread.
 */
export function startDatabaseThread(
  folder: string | undefined,
  answerMs: number,
  failure: (reason: string, cause?: unknown) => Error,
): DatabaseThread {
  const thread = startThread('./embedded-thread', import.meta.url, folder);
  const pending = createPendingQueries();
  let death: Error | undefined;
  let hasAnswered = false;

  const die = (cause: unknown): void => {
    death ??=
      cause instanceof DarkroomError
        ? cause
        : failure(cause instanceof Error ? cause.message : String(cause), cause);
    pending.rejectAll(death);
    void thread.terminate();
  };
  thread.on('error', die);
  thread.on('exit', (code) => die(`its thread ended with code ${code}`));
  thread.on('message', (message: FromThread) => {
    hasAnswered = true;
    if ('rows' in message) pending.resolve(message.id, message.rows);
    else if (message.code !== undefined)
      pending.reject(message.id, Object.assign(new Error(message.error), { code: message.code }));
    else {
      // the database itself has failed; the next query opens it again
      pending.reject(message.id, failure(message.error));
      die(message.error);
    }
  });

  return {
    isAlive: () => death === undefined,
    query: (text, values) => {
      if (death !== undefined) return Promise.reject(death);
      const limitMs = hasAnswered ? answerMs : OPEN_MS;
      const onTimeout = (): void => die(`it has not answered for ${limitMs / 1000} s`);
      const { id, rows } = pending.add(limitMs, onTimeout);
      thread.postMessage({ id, text, values } satisfies ToThread);
      return rows;
    },
    end: async () => {
      if (death !== undefined) return;
      thread.postMessage(undefined);
      const ended = new Promise((resolve) => thread.once('exit', resolve));
      const timer = setTimeout(() => void thread.terminate(), answerMs);
      await ended;
      clearTimeout(timer);
    },
    abandon: die,
  };
}

/** The queries that have no answer yet, by id, each with a time limit. */
function createPendingQueries() {
  const queries = new Map<
    number,
    { resolve: (rows: Row[]) => void; reject: (error: unknown) => void; limit: AwakeTimeout }
  >();
  let nextId = 0;
  /** Removes a query, whose limit then no longer counts. */
  const take = (id: number) => {
    const query = queries.get(id);
    query?.limit.cancel();
    queries.delete(id);
    return query;
  };
  return {
    add: (limitMs: number, onTimeout: () => void): { id: number; rows: Promise<Row[]> } => {
      const id = nextId++;
      const limit = awakeTimeout(onTimeout, limitMs);
      const rows = new Promise<Row[]>((resolve, reject) => {
        queries.set(id, { resolve, reject, limit });
      });
      return { id, rows };
    },
    resolve: (id: number, rows: Row[]): void => take(id)?.resolve(rows),
    reject: (id: number, error: unknown): void => take(id)?.reject(error),
    rejectAll: (error: unknown): void => {
      for (const id of [...queries.keys()]) take(id)?.reject(error);
    },
  };
}
