// The thread of the embedded database. PGlite leaves flushing to the operating system; here a commit is on the disk before it is answered,
// so that an accepted job survives a power cut as well.
import { fdatasyncSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import type { Row } from './database.ts';

export interface ToThread {
  readonly id: number;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export type FromThread =
  | { readonly id: number; readonly rows: Row[] }
  /** Without a code it was no answer of the database, but its end. */
  | { readonly id: number; readonly error: string; readonly code?: string };

interface EmscriptenModule {
  readonly NODEFS?: {
    readonly stream_ops: { fsync?: (stream: { readonly nfd: number }) => number };
  };
}

class FlushedFolder extends NodeFS {
  override async init(...args: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(...args);
    const flush = (module: unknown): void => {
      const { NODEFS } = module as EmscriptenModule;
      if (NODEFS)
        NODEFS.stream_ops.fsync = ({ nfd }) => {
          fdatasyncSync(nfd);
          return 0;
        };
    };
    return {
      emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), flush] },
    };
  }
}

const open = async (folder: string | undefined): Promise<PGlite> => {
  // -F switches flushing off; Emscripten knows fsync, but makes nothing of fdatasync
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
};

const opened = open(workerData as string | undefined);
opened.catch(() => undefined);

async function answer({ id, text, values }: ToThread): Promise<FromThread> {
  try {
    const database = await opened;
    if (values && values.length > 0)
      return { id, rows: (await database.query<Row>(text, [...values])).rows };
    return { id, rows: ((await database.exec(text)).at(-1)?.rows as Row[] | undefined) ?? [] };
  } catch (error) {
    const { message, code } = error as Error & { code?: unknown };
    // several statements that failed may have left a transaction open; the program's own are ended by it
    if (/^\s*BEGIN\s*;/.test(text)) await (await opened).exec('ROLLBACK').catch(() => undefined);
    return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)
      ? { id, error: message, code }
      : { id, error: String(message ?? error) };
  }
}

let last: Promise<unknown> = Promise.resolve();
parentPort!.on('message', (message: ToThread | undefined) => {
  last = last.then(async () => {
    if (message) parentPort!.postMessage(await answer(message));
    else {
      await opened.then((database) => database.close()).catch(() => undefined);
      process.exit(0);
    }
  });
});
