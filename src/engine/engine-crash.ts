// The error for an engine process that ended while it had a job.
import { DarkroomError } from '../errors.ts';
import { TIMEOUT_MARK } from './pack-guard.ts';

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not be started. */
  readonly cause?: Error;
}

/** The node that was running. */
export interface RunningNode {
  readonly nodeId: string;
  readonly nodeType: string;
}

/**
 * DR_ENGINE_CRASHED, or DR_NODE_FAILED if the watchdog ended it because of a node of a pack.
 * `output` is the end of what the process printed.
 */
export function engineCrash(
  { code, signal, cause }: ProcessExit,
  output: string,
  running?: RunningNode,
): DarkroomError {
  if (output.includes(TIMEOUT_MARK)) return stuckNode(running);
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

/** A node of a pack that seemed to run for ever. */
const stuckNode = (running?: RunningNode): DarkroomError =>
  new DarkroomError('DR_NODE_FAILED', {
    message:
      `${running ? `${running.nodeType} (node ${running.nodeId})` : 'a pack'} was ended, because ` +
      'it gave no sign of life for too long',
    hint:
      'A node of a pack must report its progress; --node-timeout sets the time that it may take. ' +
      'The pack may loop for ever: ask its author.',
    ...running,
  });
