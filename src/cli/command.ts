// The type of a command of the command line.
import type { ReplacedNodes } from '../darkroom.ts';
import type { OptionName, Values } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface Invocation {
  readonly values: Values;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  /** Other nodes than the built-in ones. */
  readonly nodes?: ReplacedNodes;
}

export interface Command {
  readonly name: string;
  /** `run FILE` */
  readonly usage: string;
  readonly help: string;
  /** The words that can come first: `list` … */
  readonly actions?: readonly string[];
  readonly options: readonly OptionName[];
  /** Command lines for the help. */
  readonly examples: readonly string[];
  /** Paragraphs below the options in the help. */
  readonly notes?: readonly string[];
  /** Returns the exit code. Throws a DarkroomError, which is then reported. */
  run(invocation: Invocation): Promise<number>;
}
