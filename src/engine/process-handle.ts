// The parent's side of an engine process: starts it, sends it jobs, removes what it left
// half-written.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { DarkroomError, interrupted } from '../errors.ts';
import { ALLOCATOR_ENVIRONMENT } from '../runtime/memory.ts';
import { forkModule } from '../start-module.ts';
import { removeTemporary } from '../storage/atomic-write.ts';
import { engineCrash, type ProcessExit, type RunningNode } from './engine-crash.ts';
import type { Emit, Outputs } from './events.ts';
import { TIMEOUT_MARK } from './pack-guard.ts';
import { createPreviewEncoder } from './preview-jpeg.ts';
import type { EngineJob, EngineSettings, FromEngine, ToEngine } from './protocol.ts';

export interface JobCallbacks {
  readonly emit: Emit;
  /** Whether the job was cancelled: the end of the process is then no crash. */
  isCancelled(): boolean;
  /** Whether anybody receives previews; is called at the start and with each progress event. */
  wantsPreviews(): boolean;
}

export interface EngineProcess {
  readonly pid: number | undefined;
  isAlive(): boolean;
  /** Runs one job. The promise settles even when the process dies. */
  run(job: EngineJob, callbacks: JobCallbacks): Promise<Outputs>;
  /** Cancels the running job between two evaluations of a network. */
  cancel(): void;
  kill(): void;
  /** Ends the process, by force if it does not exit within two seconds. */
  end(): Promise<void>;
}

const MAX_OUTPUT_CHARACTERS = 4000;
const END_MS = 2000;

/** Starts an engine process. If that fails, its first job fails with DR_ENGINE_CRASHED. */
export function startEngineProcess(settings: EngineSettings): EngineProcess {
  const child = forkModule('./process', import.meta.url, {
    env: { ...ALLOCATOR_ENVIRONMENT, ...process.env },
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output = recordOutput(child);
  const writtenFolders = new Set<string>();
  let hasExited = false;
  let previewsEnabled = false;
  let running: RunningNode | undefined;
  let onMessage: (message: FromEngine) => void = () => undefined;
  let onCrash: (error: DarkroomError) => void = () => undefined;

  const send = (message: ToEngine): void => {
    // the end of a process that is dying is noticed by 'exit'
    if (child.connected) child.send(message, () => undefined);
  };
  const enablePreviews = (enabled: boolean): void => {
    if (enabled !== previewsEnabled) send({ kind: 'previews', enabled });
    previewsEnabled = enabled;
  };
  child.on('message', (message: FromEngine) => {
    if (message.kind === 'event' && message.event.type === 'node-started') running = message.event;
    if (message.kind === 'folder') writtenFolders.add(message.folder);
    else onMessage(message);
  });
  const exited = waitForExit(child).then((exit) => {
    hasExited = true;
    const { pid } = child;
    if (pid !== undefined) for (const folder of writtenFolders) removeTemporary(folder, pid);
    onCrash(engineCrash(exit, output(), running));
  });
  const keepParentAlive = parentKeeper(child);
  send({ kind: 'open', settings });
  keepParentAlive(false);

  const run = (job: EngineJob, callbacks: JobCallbacks): Promise<Outputs> =>
    new Promise((resolve, reject) => {
      enablePreviews(callbacks.wantsPreviews());
      onCrash = (error) => reject(callbacks.isCancelled() ? interrupted() : error);
      onMessage = receiver(callbacks, enablePreviews, resolve, reject);
      if (hasExited) onCrash(engineCrash({ code: null, signal: null }, output()));
      else send({ kind: 'job', job });
    });

  return {
    pid: child.pid,
    isAlive: () => !hasExited && child.connected,
    run: async (job, callbacks) => {
      keepParentAlive(true);
      try {
        return await run(job, callbacks);
      } finally {
        keepParentAlive(false);
      }
    },
    cancel: () => send({ kind: 'cancel' }),
    kill: () => {
      child.kill('SIGKILL');
    },
    end: async () => {
      if (hasExited) return;
      keepParentAlive(true);
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/**
 * Returns a function that says whether the child keeps this process running. One that waits for
 * jobs does not: a program ends when nothing runs, and the child with it.
 */
function parentKeeper(child: ChildProcess): (keep: boolean) => void {
  // pipes of processes are sockets
  const handles = [child, child.channel, child.stdout as Socket, child.stderr as Socket];
  return (keep) => {
    for (const handle of handles) handle?.[keep ? 'ref' : 'unref']();
  };
}

/** Handles the messages of one job. */
function receiver(
  { emit, wantsPreviews }: JobCallbacks,
  enablePreviews: (enabled: boolean) => void,
  resolve: (outputs: Outputs) => void,
  reject: (error: DarkroomError) => void,
): (message: FromEngine) => void {
  const previews = createPreviewEncoder(emit);
  return (message) => {
    switch (message.kind) {
      case 'event':
        if (message.event.type === 'progress') enablePreviews(wantsPreviews());
        emit(message.event);
        break;
      case 'preview':
        void previews.add(message);
        break;
      case 'finished':
        resolve(message.outputs);
        previews.close();
        break;
      case 'failed':
        reject(DarkroomError.fromJSON(message.error as unknown as DarkroomError));
        previews.close();
        break;
    }
  };
}

/** Returns a function that returns the end of what the process has printed. */
function recordOutput({ stdout, stderr }: ChildProcess): () => string {
  let tail = '';
  let mark = '';
  const append = (data: Buffer): void => {
    if (data.includes(TIMEOUT_MARK)) mark = TIMEOUT_MARK;
    tail = (tail + data.toString('utf8')).slice(-MAX_OUTPUT_CHARACTERS);
  };
  stdout!.on('data', append);
  stderr!.on('data', append);
  return () => mark + tail;
}

/** Waits for the end of a process and for its last messages and output. */
const waitForExit = (child: ChildProcess): Promise<ProcessExit> =>
  new Promise((resolve) => {
    // 'close' is not emitted after disconnect(), and at 'exit' messages and output may be on the
    // way
    child.on('exit', (code, signal) => {
      const streams = [child.stdout!, child.stderr!].filter((stream) => !stream.closed);
      const ends: Promise<unknown>[] = streams.map((stream) => once(stream, 'close'));
      if (child.connected) ends.push(once(child, 'disconnect'));
      void Promise.all(ends).then(() => resolve({ code, signal }));
    });
    child.on('error', (cause) => {
      // only a process that could not start has no 'exit'
      if (child.pid === undefined) resolve({ code: null, signal: null, cause });
    });
  });
