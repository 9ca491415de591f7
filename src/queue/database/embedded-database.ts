// The embedded database: PGlite in a thread of its own, so that neither opening it nor a query holds up the program.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DarkroomError } from '../../errors.ts';
import type { Database, Row, Sql } from './database.ts';
import type { FromThread, ToThread } from './embedded-thread.ts';
import { lockFolder } from './folder-lock.ts';

// a database whose journal finds no room on the disk spins for ever instead of failing
const OPEN_MS = 120_000;
const ANSWER_MS = 30_000;
/** Left for the jobs that were accepted; the journal grows by 16 MiB at a time. */
const RESERVE = 64 * 2 ** 20;

/** Opens the database in a folder, made when missing; in memory when undefined. Throws DR_DATABASE. */
export async function openEmbedded(
  folder: string | undefined,
  answerMs = ANSWER_MS,
): Promise<Database> {
  const root = folder === undefined ? undefined : resolve(folder);
  const release = root === undefined ? () => undefined : takeFolder(root);
  const data = root && join(root, 'pg');
  // written once the first opening has succeeded; what is there without it was left by a process that died while making it
  const ready = root && join(root, 'ready');
  if (data && ready && !existsSync(ready)) rmSync(data, { recursive: true, force: true });

  let thread: Thread | undefined;
  let closed = false;
  const query = async <R = Row>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: R[] }> => {
    if (closed) throw unusable(root, 'it is closed');
    if (!thread?.alive()) thread = startThread(data, root, answerMs);
    return { rows: (await thread.query(text, values)) as R[] };
  };

  let last: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const database: Database = {
    exclusive: true,
    checkRoom: async () => {
      if (root === undefined) return;
      const { bavail, bsize } = await statfs(root);
      if (bavail * bsize < RESERVE) throw unusable(root, 'its disk is nearly full');
    },
    executeSql: (text, values) => exclusively(() => query(text, values)),
    transaction: (work) =>
      exclusively(async () => {
        await query('BEGIN');
        // of this thread only: one that dies has rolled back by itself, and the next one knows nothing of the transaction
        const mine = thread!;
        const sql: Sql = {
          executeSql: async <R>(text: string, values?: readonly unknown[]) => ({
            rows: (await mine.query(text, values)) as R[],
          }),
        };
        try {
          const result = await work(sql);
          await mine.query('COMMIT');
          return result;
        } catch (error) {
          await mine.query('ROLLBACK').catch(() => undefined);
          throw error;
        }
      }),
    close: async () => {
      await last;
      closed = true;
      await thread?.end();
      release();
    },
  };
  try {
    await database.executeSql('SELECT 1');
    if (ready && !existsSync(ready)) {
      writeFileSync(ready, '');
      // making a database takes memory that only the end of the thread gives back
      await thread?.end();
    }
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function takeFolder(root: string): () => void {
  try {
    mkdirSync(root, { recursive: true });
    return lockFolder(root);
  } catch (error) {
    throw error instanceof DarkroomError ? error : unusable(root, (error as Error).message, error);
  }
}

interface Thread {
  alive(): boolean;
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
  end(): Promise<void>;
}

function startThread(data: string | undefined, root: string | undefined, answerMs: number): Thread {
  const worker = newThread(data);
  const waiting = new Map<
    number,
    { resolve: (rows: Row[]) => void; reject: (error: unknown) => void }
  >();
  let next = 0;
  let dead: unknown;
  const die = (cause: unknown): void => {
    dead ??= unusable(root, cause instanceof Error ? cause.message : String(cause), cause);
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
    void worker.terminate();
  };
  worker.on('error', die);
  worker.on('exit', (code) => die(`its thread ended with code ${code}`));
  let answered = false;
  worker.on('message', (message: FromThread) => {
    answered = true;
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if ('rows' in message) asked?.resolve(message.rows);
    else if (message.code !== undefined)
      asked?.reject(Object.assign(new Error(message.error), { code: message.code }));
    else {
      // no answer of SQL: the database itself has failed, and is opened again by the next query
      asked?.reject(unusable(root, message.error));
      die(message.error);
    }
  });
  return {
    alive: () => dead === undefined,
    query: (text, values) =>
      new Promise((resolve, reject) => {
        if (dead !== undefined) {
          reject(dead);
          return;
        }
        const ms = answered ? answerMs : OPEN_MS;
        const timer = setTimeout(() => die(`it has not answered for ${ms / 1000} s`), ms);
        const settled =
          <T>(settle: (value: T) => void) =>
          (value: T): void => {
            clearTimeout(timer);
            settle(value);
          };
        waiting.set(next, { resolve: settled(resolve), reject: settled(reject) });
        worker.postMessage({ id: next++, text, values } satisfies ToThread);
      }),
    end: async () => {
      if (dead !== undefined) return;
      worker.postMessage(undefined);
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      const timer = setTimeout(() => void worker.terminate(), answerMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** From source, tsx has to be called by hand: it leaves threads alone. */
function newThread(workerData: string | undefined): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./embedded-thread.js', import.meta.url), { workerData });
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api')).href.replace(
    /cjs$/,
    'mjs',
  );
  const thread = new URL('./embedded-thread.ts', import.meta.url).href;
  return new Worker(
    `import('${tsx}').then(({ register }) => { register(); return import('${thread}'); });`,
    { workerData, eval: true },
  );
}

const unusable = (folder: string | undefined, why: string, cause?: unknown): DarkroomError =>
  new DarkroomError('DR_DATABASE', {
    message: `the database ${folder === undefined ? 'in memory' : `in ${folder}`} can't be used: ${why}`,
    hint: 'See that the folder is writable and the disk is not full, or name another with --database.',
    file: folder,
    cause,
  });
