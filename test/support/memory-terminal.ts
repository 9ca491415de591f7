// Runs the command line in this process and returns what it printed.
import { main } from '../../src/cli/cli.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

export interface Printed {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

/** Runs one command line on a terminal with these properties. */
export async function runMain(
  args: readonly string[],
  terminal: Partial<Terminal> = {},
): Promise<Printed> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(args, {
    out: (line) => void out.push(line),
    err: (text) => void err.push(text),
    interactive: false,
    columns: () => 80,
    now: () => 0,
    ...terminal,
  });
  return { code, out, err: err.join('') };
}
