// The thread of the embedded database. PGlite leaves flushing to the operating system; here a
// commit is on the disk before it is answered, so that an accepted job survives a power cut as
// well.
import { fdatasyncSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { serial } from '../../serial.ts';
import type { Row } from './database.ts';

export interface ToThread {
  readonly id: number;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export type FromThread =
  | { readonly id: number; readonly rows: Row[] }
  /** `code` is the SQLSTATE of a failed statement; without it the database itself has failed. */
  | { readonly id: number; readonly error: string; readonly code?: string };

interface EmscriptenModule {
  readonly NODEFS?: {
    readonly stream_ops: { fsync?: (stream: { readonly nfd: number }) => number };
  };
}

/** PGlite's folder of files, with an fsync that reaches the disk. */
class FlushedFolder extends NodeFS {
  override async init(...args: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(...args);
    const setFsync = (module: unknown): void => {
      const { NODEFS } = module as EmscriptenModule;
      if (NODEFS)
        NODEFS.stream_ops.fsync = ({ nfd }) => {
          fdatasyncSync(nfd);
          return 0;
        };
    };
    return {
      emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), setFsync] },
    };
  }
}

async function openDatabase(folder: string | undefined): Promise<PGlite> {
  // -F switches flushing off; Emscripten implements fsync, but its fdatasync does nothing
  const startParams = [
    ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
    '-c',
    'wal_sync_method=fsync',
    '-c',
    'shared_buffers=8MB',
  ];
  const database =
    folder === undefined
      ? new PGlite()
      : new PGlite({ fs: new FlushedFolder(folder), startParams });
  await database.waitReady;
  return database;
}

const opening = openDatabase(workerData as string | undefined);
opening.catch(() => undefined);

async function answer({ id, text, values }: ToThread): Promise<FromThread> {
  try {
    const database = await opening;
    if (values && values.length > 0)
      return { id, rows: (await database.query<Row>(text, [...values])).rows };
    return { id, rows: ((await database.exec(text)).at(-1)?.rows as Row[] | undefined) ?? [] };
  } catch (error) {
    const { message, code } = error as Error & { code?: unknown };
    // several statements in one text may have left a transaction open (pg-boss sends such texts);
    // the transactions of embedded-database.ts roll back themselves
    if (/^\s*BEGIN\s*;/.test(text)) await (await opening).exec('ROLLBACK').catch(() => undefined);
    return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)
      ? { id, error: message, code }
      : { id, error: String(message ?? error) };
  }
}

async function end(): Promise<void> {
  await opening.then((database) => database.close()).catch(() => undefined);
  process.exit(0);
}

const inTurn = serial();
parentPort!.on('message', (message: ToThread | undefined) => {
  void inTurn(async () => {
    if (message) parentPort!.postMessage(await answer(message));
    else await end();
  });
});
