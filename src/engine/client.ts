// The engine as a program uses it: starts the engine process, runs jobs one after another, cancels
// them softly and then by force, and starts a new process after a crash.
import { DarkroomError, interrupted } from '../errors.ts';
import { serial } from '../serial.ts';
import type { Emit, Outputs } from './events.ts';
import { type EngineProcess, startEngineProcess } from './process-handle.ts';
import type { EngineJob, EngineSettings } from './protocol.ts';

export interface EngineOptions extends EngineSettings {
  /** How long a cancelled job may go on before its process is killed, in milliseconds (2000). */
  readonly graceMs?: number;
}

export interface EngineRunOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: Emit;
  /**
   * Whether anybody receives previews; is called at the start and with each progress event. Without
   * it there are none.
   */
  readonly previews?: () => boolean;
}

export interface Engine {
  /**
   * Runs a job after those before it. Throws DR_INTERRUPTED, DR_ENGINE_CRASHED, DR_BAD_USAGE after
   * `close`, or the error the job failed with.
   */
  run(job: EngineJob, options?: EngineRunOptions): Promise<Outputs>;
  /** Ends the running job at once, whatever it is doing. */
  kill(): void;
  /** Process id of the engine, while one runs. */
  pid(): number | undefined;
  /** Ends the engine process after the jobs that were passed to `run`. */
  close(): Promise<void>;
}

/** An engine whose process starts with the first job, lasts, and is started again after a crash. */
export function createEngine({ graceMs = 2000, ...settings }: EngineOptions): Engine {
  const inTurn = serial();
  let current: EngineProcess | undefined;
  let isClosed = false;

  const runNow = async (job: EngineJob, options: EngineRunOptions): Promise<Outputs> => {
    const { signal, onEvent = () => undefined, previews = () => false } = options;
    if (signal?.aborted) throw interrupted();
    if (!current?.isAlive()) current = startEngineProcess(settings);
    const engine = current;
    let timer: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      engine.cancel();
      timer = setTimeout(engine.kill, graceMs);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await engine.run(job, {
        emit: onEvent,
        isCancelled: () => signal?.aborted === true,
        wantsPreviews: previews,
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  };

  return {
    run: async (job, options = {}) => {
      if (isClosed) throw closed();
      return await inTurn(() => runNow(job, options));
    },
    kill: () => current?.kill(),
    pid: () => (current?.isAlive() ? current.pid : undefined),
    close: async () => {
      isClosed = true;
      await inTurn(() => undefined);
      await current?.end();
    },
  };
}

const closed = (): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: 'this Darkroom is closed',
    hint: 'Open another one with openDarkroom(), or close it after the last run.',
  });
