// The error for an engine process that ended while it had a job.
import { DarkroomError } from '../errors.ts';

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not be started. */
  readonly cause?: Error;
}

/** DR_ENGINE_CRASHED. `output` is the end of what the process printed. */
export function engineCrash({ code, signal, cause }: ProcessExit, output: string): DarkroomError {
  const how = cause
    ? `could not start: ${cause.message}`
    : signal
      ? `was ended by ${signal}`
      : `ended with exit code ${code}`;
  const printed = output.trim();
  const lacksMemory = signal === 'SIGKILL' || /bad_alloc|out of memory|allocat/i.test(printed);
  return new DarkroomError('DR_ENGINE_CRASHED', {
    message: `the engine process ${how}${printed ? `; its last output: ${printed}` : ''}`,
    hint: lacksMemory
      ? 'The machine probably ran out of memory: use a smaller image or batch, the tiled VAE ' +
        'nodes, or close other programs. No half-written files were left.'
      : 'Run it again; if it happens again, please report it with the workflow. ' +
        'No half-written files were left.',
    cause,
  });
}
