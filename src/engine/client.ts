// The engine seen from the program: starts the engine process, gives it jobs, cancels softly and then by force, survives its death.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DarkroomError, interrupted } from '../errors.ts';
import { ALLOCATOR_ENVIRONMENT } from '../runtime/memory.ts';
import { removeTemporary } from '../storage/atomic-write.ts';
import type { Emit, Outputs } from './events.ts';
import { previewEncoder } from './preview-jpeg.ts';
import type { EngineJob, EngineSettings, FromEngine, ToEngine } from './protocol.ts';

export interface EngineOptions extends EngineSettings {
  /** How long a cancelled job may go on until its process is killed (2000). */
  readonly graceMs?: number;
}

export interface EngineRunOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: Emit;
  /** Whether somebody looks at what is being sampled; asked at the start and with each progress. Nobody unless given. */
  readonly previews?: () => boolean;
}

export interface Engine {
  /** Runs a job after those before it. Throws DR_INTERRUPTED, DR_ENGINE_CRASHED, or what the job failed with. */
  run(job: EngineJob, options?: EngineRunOptions): Promise<Outputs>;
  /** Ends the running job at once, whatever it is doing. */
  kill(): void;
  /** Process id of the engine, when one runs. */
  pid(): number | undefined;
  /** Ends the engine process after the jobs that were given to it. */
  close(): Promise<void>;
}

/** An engine whose process starts with the first job, keeps what it loaded, and is started again after a crash. */
export function createEngine({ graceMs = 2000, ...settings }: EngineOptions): Engine {
  let child: EngineProcess | undefined;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  const runNow = async (
    job: EngineJob,
    { signal, onEvent, previews }: EngineRunOptions,
  ): Promise<Outputs> => {
    if (signal?.aborted) throw interrupted();
    if (closed) throw new Error('internal: a job for an engine that is closed');
    if (!child?.alive()) child = startProcess(settings);
    const current = child;
    let timer: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      current.send({ kind: 'cancel' });
      timer = setTimeout(() => current.kill(), graceMs);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await current.run(
        job,
        onEvent ?? (() => undefined),
        () => signal?.aborted === true,
        previews,
      );
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  };

  return {
    run: (job, options = {}) => {
      const result = last.then(() => runNow(job, options));
      last = result.catch(() => undefined);
      return result;
    },
    kill: () => child?.kill(),
    pid: () => (child?.alive() ? child.process.pid : undefined),
    close: async () => {
      await last;
      closed = true;
      await child?.end();
    },
  };
}

interface EngineProcess {
  readonly process: ChildProcess;
  alive(): boolean;
  send(message: ToEngine): void;
  /** One job. Its promise settles even when the process dies. */
  run(
    job: EngineJob,
    emit: Emit,
    cancelled: () => boolean,
    previews?: () => boolean,
  ): Promise<Outputs>;
  kill(): void;
  end(): Promise<void>;
}

const STDERR_TAIL = 4000;
const END_MS = 2000;

function startProcess(settings: EngineSettings): EngineProcess {
  const source = import.meta.url.endsWith('.ts');
  const execArgv = source
    ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]
    : [];
  const worker = fileURLToPath(new URL(source ? './process.ts' : './process.js', import.meta.url));
  const env = { ...ALLOCATOR_ENVIRONMENT, ...process.env };
  const child = fork(worker, [], {
    env,
    execArgv,
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });

  let said = '';
  const listen = (data: Buffer): void => {
    said = (said + data.toString('utf8')).slice(-STDERR_TAIL);
  };
  child.stdout!.on('data', listen);
  child.stderr!.on('data', listen);

  const folders = new Set<string>();
  let onMessage: (message: FromEngine) => void = () => undefined;
  let onEnd: (error: DarkroomError) => void = () => undefined;
  let alive = true;
  let looked = false;
  child.on('message', (message: FromEngine) => {
    if (message.kind === 'folder') folders.add(message.folder);
    else onMessage(message);
  });
  const exited = new Promise<void>((resolve) => {
    const end = (code: number | null, signal: string | null, cause?: Error): void => {
      if (!alive) return;
      alive = false;
      if (child.pid !== undefined) for (const folder of folders) removeTemporary(folder, child.pid);
      onEnd(crashed(code, signal, said, cause));
      resolve();
    };
    // 'close' is not told after disconnect(); its last messages and words may still be on the way at 'exit'
    child.on('exit', (code, signal) => {
      const rest = [child.stdout!, child.stderr!].map((stream) =>
        stream.closed ? undefined : once(stream, 'close'),
      );
      const messages = child.connected ? once(child, 'disconnect') : undefined;
      void Promise.all([...rest, messages]).then(() => end(code, signal));
    });
    child.on('error', (cause) => {
      // failed to start; other failures are followed by 'exit'
      if (child.pid === undefined) end(null, null, cause);
    });
  });

  const send = (message: ToEngine): void => {
    // a process that is just dying reports itself by 'exit'
    if (child.connected) child.send(message, () => undefined);
  };
  send({ kind: 'open', settings });

  return {
    process: child,
    alive: () => alive && child.connected,
    send,
    run: (job, emit, cancelled, previews) =>
      new Promise((resolve, reject) => {
        const show = previewEncoder(emit);
        const look = (): void => {
          const on = previews?.() ?? false;
          if (on !== looked) send({ kind: 'look', on });
          looked = on;
        };
        look();
        onEnd = (error) => reject(cancelled() ? interrupted() : error);
        onMessage = (message) => {
          if (message.kind === 'event') {
            if (message.event.type === 'progress') look();
            emit(message.event);
          } else if (message.kind === 'preview') void show(message);
          else if (message.kind === 'finished') resolve(message.outputs);
          else if (message.kind === 'failed')
            reject(DarkroomError.fromJSON(message.error as unknown as DarkroomError));
          if (message.kind === 'finished' || message.kind === 'failed') show.close();
        };
        if (alive) send({ kind: 'job', job });
        else onEnd(crashed(null, null, said));
      }),
    kill: () => {
      child.kill('SIGKILL');
    },
    end: async () => {
      if (!alive) return;
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function crashed(
  code: number | null,
  signal: string | null,
  said: string,
  cause?: Error,
): DarkroomError {
  const how = cause
    ? `could not start: ${cause.message}`
    : signal
      ? `was ended by ${signal}`
      : `ended with exit code ${code}`;
  const words = said.trim();
  return new DarkroomError('DR_ENGINE_CRASHED', {
    message: `the engine process ${how}${words ? `; it said: ${words}` : ''}`,
    hint:
      signal === 'SIGKILL' || /bad_alloc|out of memory|allocat/i.test(words)
        ? 'The machine probably ran out of memory: use a smaller picture or batch, the tiled VAE nodes, or close other programs. Nothing half-written was left.'
        : 'Nothing half-written was left. Run it again; if it happens again, please report it with the workflow.',
    cause,
  });
}
