// The embedded database: PGlite in a thread of its own, so that neither opening it nor a query
// blocks the program.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { serial } from '../../serial.ts';
import type { Database, Row, Sql } from './database.ts';
import { type DatabaseThread, startDatabaseThread } from './embedded-thread-handle.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';

const ANSWER_MS = 30_000;
/** Left free for the jobs that were accepted; the write-ahead log grows by 16 MiB at a time. */
const RESERVED_BYTES = 64 * 2 ** 20;

/**
 * Opens the database in a folder, which is created if needed; in memory when undefined. A query
 * that takes longer than `answerMs` fails, and the next one opens the database again. Throws
 * DR_DATABASE.
 */
export async function openEmbedded(
  folder: string | undefined,
  answerMs = ANSWER_MS,
): Promise<Database> {
  const root = folder === undefined ? undefined : resolve(folder);
  let connection: Connection | undefined;
  const lock =
    root === undefined
      ? MEMORY_LOCK
      : await takeFolder(root, (error) => connection?.abandon(error));
  const dataFolder = root && join(root, 'pg');
  // is written once the database has been created; without it, a process died while creating it
  const readyFile = root && join(root, 'ready');
  connection = createConnection(lock, () =>
    startDatabaseThread(dataFolder, answerMs, (reason, cause) => unusable(root, reason, cause)),
  );
  const database = createDatabase(root, connection, lock);
  try {
    if (dataFolder && readyFile && !existsSync(readyFile))
      rmSync(dataFolder, { recursive: true, force: true });
    await database.executeSql('SELECT 1');
    if (readyFile && !existsSync(readyFile)) {
      writeFileSync(readyFile, '');
      // creating a database takes memory that is only released by the end of the thread
      await connection.end();
    }
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The thread of a database; a new one is started when the last one has died. */
interface Connection {
  thread(): DatabaseThread;
  /** Ends the thread; the next call of `thread` starts another. */
  end(): Promise<void>;
  /** Ends the thread without writing anything; its queries fail with the cause. */
  abandon(cause: DarkroomError): void;
}

/** Nobody else can open a database in memory. */
const MEMORY_LOCK: FolderLock = { check: () => undefined, unlock: () => undefined };

function createConnection(lock: FolderLock, start: () => DatabaseThread): Connection {
  let current: DatabaseThread | undefined;
  /** Whatever is written, the folder must still be ours. */
  const withCheck = (thread: DatabaseThread): DatabaseThread => ({
    ...thread,
    query: async (text, values) => {
      lock.check();
      return thread.query(text, values);
    },
  });
  return {
    thread: () => {
      if (!current?.isAlive()) {
        lock.check();
        current = withCheck(start());
      }
      return current;
    },
    end: async () => current?.end(),
    abandon: (cause) => current?.abandon(cause),
  };
}

function createDatabase(
  root: string | undefined,
  connection: Connection,
  lock: FolderLock,
): Database {
  const inTurn = serial();
  let isClosed = false;
  const thread = (): DatabaseThread => {
    if (isClosed) throw unusable(root, 'it is closed');
    return connection.thread();
  };
  const transaction = async <T>(work: (sql: Sql) => Promise<T>): Promise<T> => {
    // of one thread only: if it dies, its transaction is rolled back, and the next thread has none
    const own = thread();
    await own.query('BEGIN');
    try {
      const result = await work(sqlOf(() => own));
      await own.query('COMMIT');
      return result;
    } catch (error) {
      await own.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  };
  const sql = sqlOf(thread);
  return {
    exclusive: true,
    checkFreeSpace: async () => {
      if (root === undefined) return;
      const { bavail, bsize } = await statfs(root);
      if (bavail * bsize < RESERVED_BYTES) throw unusable(root, 'its disk is nearly full');
    },
    executeSql: (text, values) => inTurn(() => sql.executeSql(text, values)),
    readSql: (text, values) => inTurn(() => sql.readSql(text, values)),
    transaction: (work) => inTurn(() => transaction(work)),
    close: async () => {
      await inTurn(() => undefined);
      isClosed = true;
      await connection.end();
      lock.unlock();
    },
  };
}

function sqlOf(thread: () => DatabaseThread): Sql {
  const executeSql: Sql['executeSql'] = async <R = Row>(
    text: string,
    values?: readonly unknown[],
  ) => ({ rows: (await thread().query(text, values)) as R[] });
  return { executeSql, readSql: executeSql };
}

async function takeFolder(
  root: string,
  onLost: (error: DarkroomError) => void,
): Promise<FolderLock> {
  try {
    mkdirSync(root, { recursive: true });
    return await lockFolder(root, { onLost });
  } catch (error) {
    throw error instanceof DarkroomError ? error : unusable(root, (error as Error).message, error);
  }
}

const unusable = (folder: string | undefined, reason: string, cause?: unknown): DarkroomError =>
  new DarkroomError('DR_DATABASE', {
    message: `the database in ${folder ?? 'memory'} can't be used: ${reason}`,
    hint:
      'Check that the folder is writable and the disk is not full, ' +
      'or name another with --database.',
    file: folder,
    cause,
  });
