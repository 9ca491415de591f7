// What darkroom serve does: the listener first, then the database, then the engine; until Ctrl-C.
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { didYouMean } from '../../near-matches.ts';
import type { Queue } from '../../queue/contract.ts';
import { frontendFolder, prepareUser } from '../../server/http/frontend-files.ts';
import { checkListen } from '../../server/http/guard.ts';
import { createLogs, type Logs } from '../../server/http/logs.ts';
import { createServer } from '../../server/server.ts';
import type { Invocation } from '../command.ts';
import { darkroomOptions, FINISH_SECONDS, type Values, wholeNumber } from '../options.ts';
import { openServerFolders } from '../server-folders.ts';
import type { Terminal } from '../terminal.ts';

const PORT = 8188;
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];
const PREVIEWS = ['auto', 'latent2rgb', 'taesd', 'none'];

/** Serves until it is told to stop. Throws DR_BAD_USAGE, DR_DATABASE. */
export async function serveCommand({
  values,
  positionals,
  terminal,
  nodes,
}: Invocation): Promise<number> {
  if (positionals.length > 0)
    throw usage(`serve takes no '${positionals[0]}'`, 'See darkroom serve --help.');
  const host = values.listen ?? '127.0.0.1';
  const token = values.token ?? (process.env.DARKROOM_TOKEN || undefined);
  checkListen({ host, token, insecure: values.insecure });
  const port = wholeNumber(values, 'port', 0, 65535) ?? PORT;
  const limit = wholeNumber(values, 'queue-limit', 1, 1e9);
  const retries = wholeNumber(values, 'retries', 0, 100);
  const finishMs = (wholeNumber(values, 'finish', 0, 86_400) ?? FINISH_SECONDS) * 1000;
  const megabytes = wholeNumber(values, 'max-upload-size', 1, 4096);
  const previews = oneOf(values, 'preview-method', PREVIEWS) ?? 'auto';
  const options = darkroomOptions(values);
  const { folders, storage } = await openServerFolders(values);
  const user = values['user-directory'] ?? 'user';
  const logs = createLogs({
    level: oneOf(values, 'log-level', LEVELS) ?? (terminal.interactive ? 'warn' : 'info'),
    write: terminal.err,
  });

  const webRoot = values.frontend === undefined ? undefined : frontendFolder(values.frontend);
  if (webRoot !== undefined) prepareUser(user);
  const queue = deferred<Queue>();
  const server = createServer({
    ...{ queue: queue.promise, folders, storage, nodes: nodes?.table, user, logs, token },
    corsOrigin: values['enable-cors-header'],
    hosts: values.insecure ? ['*'] : values['allow-host'],
    multiUser: values['multi-user'],
    webRoot,
    previews: previews === 'none' || previews === 'auto' ? previews : 'all',
    maxUploadBytes: megabytes === undefined ? undefined : megabytes * 1024 * 1024,
  });
  const address = await server.listen({ host, port });
  terminal.out(`Darkroom listens on ${address}`);
  const signals = stopSignals(terminal);
  let opened: Queue | undefined;
  try {
    // the two would hold each other up
    await server.warm();
    opened = await openJobs(
      { database: values.database ?? join(user, 'database'), retries, limit },
      logs,
    );
    opened.requestPreviews(server.wantsPreviews);
    const { input, output, temp } = folders;
    const worker = opened.startWorker({
      engine: {
        models: folders.models,
        ...{
          input,
          output,
          temp,
          storage: storage.location,
          threads: options.threads,
          precision: options.precision,
        },
        device: options.device ?? 'auto',
        cacheWeights: options.cacheWeights,
        cache: options.cache,
        cacheSize: options.cacheSize,
        previews: previews === 'taesd' ? 'taesd' : undefined,
        nodesModule: nodes?.module,
      },
    });
    queue.resolve(opened);
    logs.logger.info({ address }, 'ready');
    await signals.stop;
    logs.logger.info('stopping');
    await Promise.race([worker.close({ finishMs }), signals.hurry]);
    await server.close();
    return 0;
  } catch (error) {
    queue.reject(error);
    await server.close();
    throw error;
  } finally {
    signals.release();
    await opened?.close();
  }
}

/** The queue is read in only now: its database takes longer to load than everything before. */
async function openJobs(
  options: { database: string; retries?: number; limit?: number },
  { logger }: Logs,
): Promise<Queue> {
  const { openQueue } = await import('../../queue/queue.ts');
  return await openQueue({
    ...options,
    onProblem: (message, error) => logger.error({ err: error }, message),
  });
}

/** Ctrl-C or SIGTERM; the second one wants it sooner, the third ends the process. */
function stopSignals(terminal: Terminal): {
  readonly stop: Promise<void>;
  readonly hurry: Promise<void>;
  release(): void;
} {
  const [stop, hurry] = [deferred<void>(), deferred<void>()];
  let times = 0;
  const hear = (): void => {
    times++;
    if (times === 1) stop.resolve();
    else if (times === 2) hurry.resolve();
    else process.exit(130);
    if (terminal.interactive && times === 1)
      terminal.err(
        '\r\x1b[2Kstopping after the running job; Ctrl-C again: it starts anew next time\n',
      );
  };
  process.on('SIGINT', hear);
  process.on('SIGTERM', hear);
  return {
    stop: stop.promise,
    hurry: hurry.promise,
    release: () => {
      process.off('SIGINT', hear);
      process.off('SIGTERM', hear);
    },
  };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'>;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle! };
}

const usage = (message: string, hint: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', { message, hint });

function oneOf(
  values: Values,
  name: 'preview-method' | 'log-level',
  known: readonly string[],
): string | undefined {
  const text = values[name];
  if (text !== undefined && !known.includes(text))
    throw usage(
      `unknown --${name} '${text}'`,
      didYouMean(text, known) || `There are: ${known.join(', ')}.`,
    );
  return text;
}
