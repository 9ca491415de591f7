// darkroom serve: starts the listener first, then the database, then the engine; runs until Ctrl-C.
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import type { DarkroomError } from '../../errors.ts';
import { didYouMean } from '../../near-matches.ts';
import type { PackSource } from '../../nodes/user-packs/pack-source.ts';
import { tryPacks } from '../../nodes/user-packs/try-packs.ts';
import type { Queue } from '../../queue/contract.ts';
import { checkListen } from '../../server/http/access/guard.ts';
import { frontendFolder, prepareUser } from '../../server/http/frontend-files.ts';
import { createLogs, type Logs } from '../../server/http/logs.ts';
import { createServer } from '../../server/server.ts';
import { removeAbandoned } from '../../storage/atomic-write.ts';
import { startTempCleaning, type TempCleaning } from '../../storage/clean-temp.ts';
import { addExampleInputs } from '../../storage/example-inputs.ts';
import { watchedStorage } from '../../storage/watch/watched-storage.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { deferred } from '../deferred.ts';
import { packsOf } from '../node-packs.ts';
import { LOG_LEVELS, PREVIEW_METHODS } from '../option-table.ts';
import { comfyuiOption, FINISH_SECONDS, type Values, wholeNumber } from '../options.ts';
import { openServerFolders, type ServerFolders, workerEngine } from '../server-folders.ts';
import { CLEAR_LINE } from '../status-line.ts';
import { onStopSignals } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';

const DEFAULT_PORT = 8188;
const MAX_PORT = 65_535;
const SECONDS_PER_DAY = 86_400;

/** Serves until it is stopped by a signal. Throws DR_BAD_USAGE, DR_DATABASE. */
export async function serveCommand(invocation: Invocation): Promise<number> {
  const { values, positionals, terminal, nodes } = invocation;
  if (positionals.length > 0)
    throw badUsage(`unexpected argument '${positionals[0]}'`, 'See darkroom serve --help.');
  const settings = readSettings(values);
  checkListen({ host: settings.host, token: settings.token, insecure: values.insecure });
  const logs = createLogs({
    level: oneOf(values, 'log-level', LOG_LEVELS) ?? (terminal.interactive ? 'warn' : 'info'),
    write: terminal.err,
  });
  const serverFolders = await openServerFolders(values, {
    warn: (problem) => logs.logger.warn(problem),
    others: [settings.user],
  });
  const choice = { packs: await servedPacks(values, logs), watchesPacks: values.watch };
  const queue = deferred<Queue>();
  const server = createServer({
    ...serverOptions(values, settings, serverFolders),
    ...choice,
    queue: queue.promise,
    nodes,
    logs,
  });
  const address = await server.listen({ host: settings.host, port: settings.port });
  terminal.out(`Darkroom listens on ${address}`);
  for (const line of addressesBehind(address)) terminal.out(`  ${line}`);
  const signals = stopSignals(terminal);
  let opened: Queue | undefined;
  let temp: TempCleaning | undefined;
  try {
    // in sequence, because in parallel both take longer
    await server.warm();
    opened = await openJobs(settings, logs);
    opened.requestPreviews(server.wantsPreviews);
    temp = await cleanTemp(serverFolders, settings, opened, logs);
    const worker = opened.startWorker({
      engine: {
        ...workerEngine(values, serverFolders),
        previews: settings.previews === 'taesd' ? 'taesd' : undefined,
        nodesModule: nodes?.module,
        ...choice,
      },
    });
    queue.resolve(opened);
    logs.logger.info({ address }, 'ready');
    void server.warmThreads().catch(() => undefined);
    void removeHalfWritten(serverFolders, settings, logs);
    void provideExampleInputs(serverFolders, logs);
    await signals.stop;
    logs.logger.info('stopping');
    await Promise.race([worker.close({ finishMs: settings.finishMs }), signals.hurry]);
    await server.close();
    return 0;
  } catch (error) {
    queue.reject(error);
    await server.close();
    throw error;
  } finally {
    signals.release();
    temp?.stop();
    serverFolders.watch?.close();
    await opened?.close();
  }
}

/**
 * The packs that can be loaded. Their code runs in a thread and in the engine process, never on the
 * server's own thread.
 */
async function servedPacks(values: Values, { logger }: Logs): Promise<readonly PackSource[]> {
  const { sources, problems } = packsOf(values);
  const tried = await tryPacks(sources);
  for (const { message } of [...problems, ...tried.problems]) logger.warn(message);
  for (const { name, version, folder } of tried.sources)
    logger.info({ pack: name, version, folder }, 'a pack is loaded; it runs with your rights');
  return tried.sources;
}

/** The addresses that a browser can open when a server listens on all of the machine's. */
function addressesBehind(address: string): string[] {
  const { hostname, port } = new URL(address);
  if (hostname !== '0.0.0.0' && hostname !== '[::]') return [];
  const external = Object.values(networkInterfaces())
    .flatMap((list = []) => list)
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  return [
    `here:                http://127.0.0.1:${port}`,
    ...external.map(({ address: ip }) => `from other machines: http://${ip}:${port}`),
  ];
}

/** Removes what killed servers left half-written: uploads, settings and workflows. */
async function removeHalfWritten(
  { folders, watch }: ServerFolders,
  { user }: ServeSettings,
  { logger }: Logs,
): Promise<void> {
  const readable = [folders.input, user].filter((path) => watch?.isReachable(path) ?? true);
  await Promise.all(readable.map(removeAbandoned)).catch((error) =>
    logger.warn({ err: error }, 'half-written files of dead processes can’t be removed'),
  );
}

/** Lets the examples run that need pictures. */
async function provideExampleInputs(
  { folders, storage, watch }: ServerFolders,
  { logger }: Logs,
): Promise<void> {
  if (watch?.isReachable(folders.input) === false) return;
  await addExampleInputs(storage).catch((error) =>
    logger.info({ err: error }, 'the pictures of the examples can’t be put into the input folder'),
  );
}

/** Removes the temporary images of earlier runs, and from now on those that are old. */
const cleanTemp = (
  { folders, storage, watch }: ServerFolders,
  { user, database }: ServeSettings,
  queue: Queue,
  { logger }: Logs,
): Promise<TempCleaning> =>
  startTempCleaning(watch ? watchedStorage(storage, watch) : storage, {
    jobs: async function* () {
      const { running, pending } = await queue.list();
      for (const jobs of [running, pending]) for await (const { json } of jobs) yield json;
    },
    otherFolders: [
      ...folders.models,
      folders.input,
      folders.output,
      ...[user, database, '.'].map((path) => resolve(path)),
    ],
    onProblem: (message, error) => logger.warn({ err: error }, message),
  });

interface ServeSettings {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  /** Folder for settings and workflows. */
  readonly user: string;
  readonly database: string;
  readonly queueLimit?: number;
  readonly retries?: number;
  readonly finishMs: number;
  readonly maxUploadBytes?: number;
  readonly maxJsonBytes?: number;
  readonly previews: string;
  readonly webhookAllow?: readonly string[];
}

function readSettings(values: Values): ServeSettings {
  const user = values['user-directory'] ?? 'user';
  const finishSeconds = wholeNumber(values, 'finish', 0, SECONDS_PER_DAY) ?? FINISH_SECONDS;
  return {
    host: values.listen ?? '127.0.0.1',
    port: wholeNumber(values, 'port', 0, MAX_PORT) ?? DEFAULT_PORT,
    token: values.token ?? (process.env.DARKROOM_TOKEN || undefined),
    user,
    database: values.database ?? join(user, 'database'),
    queueLimit: wholeNumber(values, 'queue-limit', 1, 1e9),
    retries: wholeNumber(values, 'retries', 0, 100),
    finishMs: finishSeconds * 1000,
    maxUploadBytes: megabytes(values, 'max-upload-size', 4096),
    maxJsonBytes: megabytes(values, 'max-json-size', 64),
    previews: oneOf(values, 'preview-method', PREVIEW_METHODS) ?? 'auto',
    webhookAllow: values['webhook-allow'],
  };
}

/** A size in MB as bytes. */
function megabytes(
  values: Values,
  name: 'max-upload-size' | 'max-json-size',
  max: number,
): number | undefined {
  const size = wholeNumber(values, name, 1, max);
  return size === undefined ? undefined : size * 1024 * 1024;
}

function serverOptions(
  values: Values,
  { user, token, previews, maxUploadBytes, maxJsonBytes }: ServeSettings,
  { folders, storage, watch }: ServerFolders,
): Omit<Parameters<typeof createServer>[0], 'queue' | 'logs' | 'nodes'> {
  const webRoot = values.frontend === undefined ? undefined : frontendFolder(values.frontend);
  if (webRoot !== undefined) prepareUser(user);
  return {
    folders,
    storage,
    watch,
    user,
    token,
    webRoot,
    corsOrigin: values['enable-cors-header'],
    hosts: values.insecure ? ['*'] : values['allow-host'],
    multiUser: values['multi-user'],
    previews: previews === 'none' || previews === 'auto' ? previews : 'all',
    maxUploadBytes,
    maxJsonBytes,
    comfyui: comfyuiOption(values),
  };
}

/**
 * The queue's database takes longer to load than everything else, so it is imported only here.
 */
async function openJobs(
  { database, retries, queueLimit, webhookAllow }: ServeSettings,
  { logger }: Logs,
): Promise<Queue> {
  const { openQueue } = await import('../../queue/queue.ts');
  return await openQueue({
    database,
    retries,
    limit: queueLimit,
    webhookAllow,
    onProblem: (message, error) => logger.error({ err: error }, message),
  });
}

/**
 * The first signal stops after the running job, the second requeues it, the third ends the process.
 */
function stopSignals(terminal: Terminal): {
  readonly stop: Promise<void>;
  readonly hurry: Promise<void>;
  release(): void;
} {
  const stop = deferred<void>();
  const hurry = deferred<void>();
  const release = onStopSignals((count) => {
    if (count === 1) stop.resolve();
    else if (count === 2) hurry.resolve();
    else process.exit(130);
    if (terminal.interactive && count === 1)
      terminal.err(
        `${CLEAR_LINE}stopping after the running job; ` +
          'press Ctrl-C again to stop now and run the job again next time\n',
      );
  });
  return { stop: stop.promise, hurry: hurry.promise, release };
}

function oneOf(
  values: Values,
  name: 'preview-method' | 'log-level',
  choices: readonly string[],
): string | undefined {
  const text = values[name];
  if (text !== undefined && !choices.includes(text)) throw unknownChoice(name, text, choices);
  return text;
}

const unknownChoice = (name: string, text: string, choices: readonly string[]): DarkroomError =>
  badUsage(
    `unknown --${name} '${text}'`,
    didYouMean(text, choices) || `Use one of: ${choices.join(', ')}.`,
  );
