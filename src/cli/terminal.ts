// Standard output for results, standard error for messages. Passed in, so that tests can replace
// it.
import { createInterface } from 'node:readline/promises';
import { type PictureProtocol, pictureProtocol } from './picture-protocol.ts';

export interface Terminal {
  /** Prints a line of results: paths, lists, JSON. */
  out(line: string): void;
  /** Prints messages and errors; line ends are part of the text. */
  err(text: string): void;
  /** Whether standard error is a terminal that shows bars and colours. */
  readonly interactive: boolean;
  /** Width of the terminal in characters. */
  columns(): number;
  /** Time in milliseconds. */
  now(): number;
  /** Prints a question and returns the line that the user types; absent without a user. */
  readonly ask?: (question: string) => Promise<string>;
  /** How standard output draws pictures, if it does. */
  readonly pictures?: PictureProtocol;
}

/** The terminal of this process. */
export const processTerminal = (): Terminal => ({
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
  columns: () => process.stderr.columns || 80,
  now: () => performance.now(),
  pictures: process.stdout.isTTY ? pictureProtocol(process.env) : undefined,
  ask: process.stdin.isTTY && process.stderr.isTTY ? askUser : undefined,
});

/** Ctrl-C and Ctrl-D answer nothing; Ctrl-C also reaches the handlers of signals. */
async function askUser(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on('SIGINT', () => {
    lines.close();
    process.kill(process.pid, 'SIGINT');
  });
  const closed = new Promise<string>((resolve) => lines.on('close', () => resolve('')));
  try {
    return await Promise.race([lines.question(question), closed]);
  } finally {
    lines.close();
  }
}

const NO_COLOR = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== '';

/** Text in an ANSI colour (31 red, 32 green, 33 yellow, 36 cyan) if the terminal shows colours. */
export const coloured = (terminal: Terminal, code: number, text: string): string =>
  terminal.interactive && !NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text;

/** Returns a function that prints warnings; with `quiet`, one that prints nothing. */
export const warnings =
  (terminal: Terminal, quiet?: boolean): ((text: string) => void) =>
  (text) => {
    if (!quiet) terminal.err(`${coloured(terminal, 33, 'warning:')} ${printable(text)}\n`);
  };

/** A value as one line of JSON; bigints become strings. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v));

/** Text from files with control characters replaced, as these could move the cursor. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?');
