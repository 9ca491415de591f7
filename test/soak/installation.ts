// What the soak runs against: a server, workers, a database and a store, each a process of its own
// (the store is a folder, or a stand-in for S3 in this process).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUCKET, startS3, type TestS3 } from '../support/files/s3.ts';
import { type SmallDisk, smallDisk } from '../support/files/small-disk.ts';
import { startPostgres, type TestServer, whyNoPostgres } from '../support/queue/postgres.ts';
import type { EventLog } from './event-log.ts';
import { ask } from './http-request.ts';
import type { JobBook } from './job-book.ts';
import { type ManagedProcess, manageProcess, type ProcessPlan } from './managed-process.ts';
import type { SoakOptions } from './options.ts';
import { bucketOutputs, folderOutputs, type Outputs } from './outputs.ts';
import { createQuota, type Quota } from './quota.ts';

export interface Installation {
  readonly address: string;
  readonly port: number;
  readonly server: ManagedProcess;
  readonly workers: readonly ManagedProcess[];
  readonly outputs: Outputs;
  readonly postgres?: TestServer;
  readonly s3?: TestS3;
  /** Fills the disk that holds the outputs, and the embedded database if there is one. */
  readonly disk: SmallDisk | Quota;
  /** How the disk is filled, for the summary. */
  readonly diskKind: string;
  readonly folder: string;
  remove(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const DISK_MEGABYTES = 700;
const WORKERS = 2;
/** Attempts after the first: enough for the kills that may hit one job. */
const RETRIES = 4;
/** The receiver of the webhooks is on the loopback address. */
const WEBHOOKS = ['--webhook-allow', '127.0.0.1'];

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** Starts everything but the server and the workers. */
export async function createInstallation(
  { database, store, log: logFile }: SoakOptions,
  log: EventLog,
  book: JobBook,
): Promise<Installation> {
  const why = database === 'postgres' ? whyNoPostgres() : undefined;
  if (why) throw new Error(why);
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-soak-'));
  const mounted = smallDisk(DISK_MEGABYTES);
  const root = mounted?.path ?? join(folder, 'disk');
  mkdirSync(join(root, 'cache'), { recursive: true });
  const quota = mounted ? undefined : createQuota(root, folder);
  const [postgres, s3, port] = await Promise.all([
    database === 'postgres' ? startPostgres() : undefined,
    store === 's3' ? startS3() : undefined,
    freePort(),
  ]);
  const location = s3 ? `s3://${BUCKET}/studio` : join(root, 'storage');
  const shared = [
    ...['--database', postgres ? await postgres.database() : join(root, 'database')],
    ...['--storage', location, '--threads', '1', '--retries', String(RETRIES), '--finish', '10'],
  ];
  const environment = {
    DARKROOM_CACHE: join(root, 'cache'),
    ...s3?.environment,
    ...quota?.environment,
  };
  const address = `http://127.0.0.1:${port}`;
  const isExcused = (): boolean => book.isRecent('disk', 'database', 'store');
  const common = { environment, folder, program: PROGRAM, isExcused };
  const manage = { common, shared, logFile, log };
  const server = manageServer(manage, address, port);
  const workers = Array.from({ length: postgres ? WORKERS : 0 }, (_, i) =>
    manageWorker(manage, i + 1),
  );
  return {
    ...{ address, port, server, workers, postgres, s3, folder },
    outputs: s3 ? bucketOutputs(s3, 'studio') : folderOutputs(location),
    disk: mounted ?? quota!,
    diskKind: mounted
      ? `a tmpfs of ${DISK_MEGABYTES} MB`
      : 'a shim in the processes that fails writes (mounting is not allowed here)',
    remove: async () => {
      for (const one of [server, ...workers]) one.abandon();
      await Promise.all([postgres?.stop(), s3?.close()]);
      mounted?.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the server and the workers have in common. */
interface ManagePlan {
  readonly common: Pick<ProcessPlan, 'environment' | 'folder' | 'program' | 'isExcused'>;
  /** Options that all of them are started with. */
  readonly shared: readonly string[];
  readonly logFile: string;
  readonly log: EventLog;
}

const manageServer = (
  { common, shared, logFile, log }: ManagePlan,
  address: string,
  port: number,
): ManagedProcess =>
  manageProcess(
    {
      ...common,
      name: 'server',
      args: ['serve', '--port', String(port), '--log-level', 'warn', ...WEBHOOKS, ...shared],
      outputFile: outputFile(logFile, 'server'),
      isReady: async () => (await ask(`${address}/healthz`, { timeoutMs: 5000 })).status === 200,
    },
    log,
  );

const manageWorker = ({ common, shared, logFile, log }: ManagePlan, i: number): ManagedProcess =>
  manageProcess(
    {
      ...common,
      name: `worker ${i}`,
      args: ['worker', ...shared],
      outputFile: outputFile(logFile, `worker-${i}`),
      isReady: async (printed) => printed.includes('waiting for jobs'),
    },
    log,
  );

const outputFile = (logFile: string, name: string): string =>
  `${logFile.replace(/\.log$/, '')}.${name}.log`;
