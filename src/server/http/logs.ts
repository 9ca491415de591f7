// The log: pino's lines of JSON for a stream, and the last entries in memory for /internal/logs, to
// which clients may subscribe.
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { maskSecrets } from '../../mask-secrets.ts';
import type { LogEntry } from '../api-types.ts';

export interface Logs {
  readonly logger: Logger;
  /** The last entries, the oldest first. */
  entries(): readonly LogEntry[];
  /** Calls a function with each new entry; returns a function that ends the subscription. */
  subscribe(listener: (entry: LogEntry) => void): () => void;
}

const MAX_ENTRIES = 300;

export interface LogOptions {
  /** trace, debug, info, warn, error or silent (silent) */
  readonly level?: string;
  /** Is called with each line of JSON. */
  readonly write?: (line: string) => void;
}

/** Creates a log; without options it writes nothing and has no entries. */
export function createLogs({ level = 'silent', write = () => undefined }: LogOptions = {}): Logs {
  const entries: LogEntry[] = [];
  const listeners = new Set<(entry: LogEntry) => void>();
  const stream = new Writable({
    decodeStrings: false,
    write(line: string | Buffer, _, done) {
      const text = maskedLine(String(line));
      write(text);
      const entry = parseEntry(text);
      if (entry) {
        entries.push(entry);
        if (entries.length > MAX_ENTRIES) entries.shift();
        for (const listener of listeners) listener(entry);
      }
      done();
    },
  });
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => errorFields(error) },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return {
    logger: pino(options, stream),
    entries: () => entries,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** A line of JSON in which each text is masked. */
function maskedLine(line: string): string {
  try {
    const mask = (_: string, value: unknown): unknown =>
      typeof value === 'string' ? maskSecrets(value) : value;
    return `${JSON.stringify(JSON.parse(line), mask)}\n`;
  } catch {
    return maskSecrets(line);
  }
}

const MAX_CAUSES = 5;

/** The fields of an error that are logged. Drivers attach others: whole connections, addresses. */
function errorFields(error: unknown, causes = MAX_CAUSES): unknown {
  if (!(error instanceof Error)) return error;
  const { name: type, message, stack, cause } = error;
  const { code, hint } = error as { readonly code?: unknown; readonly hint?: string };
  const isDeep = cause !== undefined && causes > 0;
  return {
    type,
    code,
    message,
    hint,
    stack,
    cause: isDeep ? errorFields(cause, causes - 1) : cause && '…',
  };
}

/** A line of JSON as readable text: the message, then the other fields. */
function parseEntry(line: string): LogEntry | undefined {
  try {
    const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const fields = Object.entries(rest).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    return {
      t: String(time),
      m: `[${String(level)}] ${[msg, ...fields].filter(Boolean).join(' ')}\n`,
    };
  } catch {
    return undefined;
  }
}
