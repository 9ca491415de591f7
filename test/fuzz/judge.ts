// Runs one input and says what is wrong: an unexpected error, a stall, or too much memory.
import { DarkroomError } from '../../src/errors.ts';
import type { FuzzTarget } from './target.ts';

export interface Verdict {
  /** The same for findings that have one cause. */
  readonly key: string;
  readonly message: string;
}

/** Processor time for inputs of up to 100 kB; longer ones are given more. */
const MAX_SECONDS = 1;
const BYTES_PER_SECOND = 100_000;
const MAX_GROWTH = 512 * 2 ** 20;
/** Below this, the clock on the wall says enough. */
const UNSUSPICIOUS_MS = 500;
const NAME_LENGTH = 90;

/**
 * Returns what is wrong with how the parser handles the input; undefined when nothing is.
 * `patience` multiplies the processor time that it may take.
 */
export function judge(
  target: FuzzTarget,
  input: Buffer,
  patience = 1,
): Verdict | undefined | Promise<Verdict | undefined> {
  const [begun, cpu, resident] = [performance.now(), process.cpuUsage(), process.memoryUsage.rss()];
  const maxSeconds = (target.maxSeconds ?? MAX_SECONDS) * patience;
  const settle = (error?: { readonly thrown: unknown }): Verdict | undefined =>
    (error && errorVerdict(target, error.thrown)) ??
    stallVerdict(maxSeconds, input, begun, cpu) ??
    memoryVerdict(resident);
  try {
    const result = target.run(input);
    if (!(result instanceof Promise)) return settle();
    return result.then(
      () => settle(),
      (thrown: unknown) => settle({ thrown }),
    );
  } catch (thrown) {
    return settle({ thrown });
  }
}

function errorVerdict(target: FuzzTarget, thrown: unknown): Verdict | undefined {
  if (thrown instanceof DarkroomError ? !isDisguised(thrown) : target.expected?.(thrown))
    return undefined;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const frame = /at (?:async )?([\w#.<>[\] ]+) \(/.exec(error.stack ?? '')?.[1] ?? 'unknown';
  return {
    key: nameOf(`${error.name} ${error.message.slice(0, 40)} in ${frame}`),
    message: `${error.stack ?? error.message}`.split('\n').slice(0, 8).join('\n'),
  };
}

/** An error of the program itself that was wrapped as one of the user's. */
const isDisguised = ({ message, cause }: DarkroomError): boolean =>
  message.includes('internal:') || cause instanceof TypeError || cause instanceof ReferenceError;

function stallVerdict(
  maxSeconds: number,
  input: Buffer,
  begun: number,
  before: NodeJS.CpuUsage,
): Verdict | undefined {
  if (performance.now() - begun < UNSUSPICIOUS_MS) return undefined;
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (seconds < maxSeconds * Math.max(1, input.length / BYTES_PER_SECOND)) return undefined;
  return { key: 'stall', message: `${seconds.toFixed(1)} s for ${input.length} bytes` };
}

function memoryVerdict(before: number): Verdict | undefined {
  const grown = process.memoryUsage.rss() - before;
  if (grown < MAX_GROWTH) return undefined;
  return { key: 'memory', message: `${(grown / 2 ** 20).toFixed(0)} MB more` };
}

const nameOf = (text: string): string =>
  text
    .replace(/\d[\d.e+]*/g, 'N')
    .replace(/[^\w]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, NAME_LENGTH);
