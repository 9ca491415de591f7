// The log: pino's lines of JSON to a stream, and the last of them kept for /internal/logs, which clients may subscribe to.
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';

export interface LogEntry {
  /** ISO time */
  readonly t: string;
  readonly m: string;
}

export interface Logs {
  readonly logger: Logger;
  entries(): readonly LogEntry[];
  /** Hears each entry; gives a function that ends it. */
  listen(listener: (entry: LogEntry) => void): () => void;
}

const KEPT = 300;

export interface LogOptions {
  /** trace, debug, info, warn, error or silent (silent) */
  readonly level?: string;
  /** Where lines go, besides what is kept. */
  readonly write?: (line: string) => void;
}

export function createLogs({ level = 'silent', write = () => undefined }: LogOptions = {}): Logs {
  const kept: LogEntry[] = [];
  const listeners = new Set<(entry: LogEntry) => void>();
  const stream = new Writable({
    decodeStrings: false,
    write(line: string | Buffer, _, done) {
      const text = String(line);
      write(text);
      const entry = entryOf(text);
      if (entry) {
        kept.push(entry);
        if (kept.length > KEPT) kept.shift();
        for (const listener of listeners) listener(entry);
      }
      done();
    },
  });
  return {
    logger: pino(
      {
        level,
        base: undefined,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    ),
    entries: () => kept,
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** A line for people: message and what was logged beside it. */
function entryOf(line: string): LogEntry | undefined {
  try {
    const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const details = Object.entries(rest).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    return {
      t: String(time),
      m: `[${String(level)}] ${[msg, ...details].filter(Boolean).join(' ')}\n`,
    };
  } catch {
    return undefined;
  }
}
