// The program's side of the thread that holds the embedded database.
import { startThread } from '../../start-module.ts';
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
}

interface PendingQuery {
  readonly resolve: (rows: Row[]) => void;
  readonly reject: (error: unknown) => void;
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
  const pending = new Map<number, PendingQuery>();
  let nextId = 0;
  let death: Error | undefined;
  let hasAnswered = false;

  const die = (cause: unknown): void => {
    death ??= failure(cause instanceof Error ? cause.message : String(cause), cause);
    for (const { reject } of pending.values()) reject(death);
    pending.clear();
    void thread.terminate();
  };
  thread.on('error', die);
  thread.on('exit', (code) => die(`its thread ended with code ${code}`));
  thread.on('message', (message: FromThread) => {
    hasAnswered = true;
    const query = pending.get(message.id);
    pending.delete(message.id);
    if ('rows' in message) query?.resolve(message.rows);
    else if (message.code !== undefined)
      query?.reject(Object.assign(new Error(message.error), { code: message.code }));
    else {
      // the database itself has failed; the next query opens it again
      query?.reject(failure(message.error));
      die(message.error);
    }
  });

  const query = (text: string, values?: readonly unknown[]): Promise<Row[]> =>
    new Promise((resolve, reject) => {
      if (death !== undefined) {
        reject(death);
        return;
      }
      const limitMs = hasAnswered ? answerMs : OPEN_MS;
      const onTimeout = (): void => die(`it has not answered for ${limitMs / 1000} s`);
      const timer = setTimeout(onTimeout, limitMs);
      const settle =
        <T>(callback: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          callback(value);
        };
      pending.set(nextId, { resolve: settle(resolve), reject: settle(reject) });
      thread.postMessage({ id: nextId++, text, values } satisfies ToThread);
    });

  return {
    isAlive: () => death === undefined,
    query,
    end: async () => {
      if (death !== undefined) return;
      thread.postMessage(undefined);
      const ended = new Promise((resolve) => thread.once('exit', resolve));
      const timer = setTimeout(() => void thread.terminate(), answerMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
