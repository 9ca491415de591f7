// What a command of the command line is.
import type { DarkroomOptions } from '../darkroom.ts';
import type { OptionName, Values } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface Invocation {
  readonly values: Values;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  /** Other nodes than the built-in ones. */
  readonly nodes?: DarkroomOptions['nodes'];
}

export interface Command {
  readonly name: string;
  /** `run FILE` */
  readonly usage: string;
  readonly help: string;
  readonly options: readonly OptionName[];
  /** Lines below the options in the help. */
  readonly notes?: readonly string[];
  /** Gives the exit code; throws a DarkroomError to be reported. */
  run(invocation: Invocation): Promise<number>;
}
