// Where the command line speaks: standard output for results, standard error for people. Passed in, so that tests can listen.

export interface Terminal {
  /** Results: paths, lists, JSON. One line, without its end. */
  out(line: string): void;
  /** Remarks and errors, raw. */
  err(text: string): void;
  /** Whether a person watches standard error: bars and colours. */
  readonly interactive: boolean;
  columns(): number;
  now(): number;
}

/** The terminal of this process. */
export const processTerminal = (): Terminal => ({
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
  columns: () => process.stderr.columns || 80,
  now: () => performance.now(),
});

const NO_COLOR = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== '';

/** Text in an ANSI colour where there is a terminal that shows it. */
export const coloured = (terminal: Terminal, code: number, text: string): string =>
  terminal.interactive && !NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text;

/** One line of JSON; integers beyond 2^53 as strings. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v));

/** Text from files, safe to print: control characters would move the cursor. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?');
