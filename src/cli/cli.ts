// The command line: finds the command, parses its options, reports errors and returns exit codes.
import type { ReplacedNodes } from '../darkroom.ts';
import { versions } from '../engine/versions.ts';
import type { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';
import { ownValue } from '../own-value.ts';
import { badUsage } from './bad-usage.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { withConfig } from './config-file.ts';
import { asDarkroomError, exitCodeOf, report } from './error-report.ts';
import { commandHelp, helpWidth, programHelp } from './help.ts';
import { COMMON_OPTIONS, OPTIONS, type Option, PROGRAM_OPTIONS } from './option-table.ts';
import { type OptionName, parseOptions, parseTable, type Values } from './options.ts';
import { COMMAND_SYNONYMS } from './synonyms.ts';
import { type Terminal, warnings } from './terminal.ts';

/** Runs one command line; returns the exit code. */
export async function main(
  args: readonly string[],
  terminal: Terminal,
  nodes?: ReplacedNodes,
): Promise<number> {
  try {
    const [name, ...rest] = args;
    if (name === undefined || name.startsWith('-')) return withoutCommand(args, terminal);
    if (name === 'help') return help(rest, terminal);
    if (name === 'version') return withoutCommand(['--version', ...rest], terminal);
    const command = findCommand(name);
    const parsed = parseOptions(rest, [...command.options, ...COMMON_OPTIONS]);
    if (parsed.values.help) return help([name], terminal);
    const values = await withConfig(parsed.values, command, COMMANDS);
    noteFormerOptions(values, terminal);
    const { positionals } = parsed;
    return await command.run({ values, positionals, terminal, nodes });
  } catch (thrown) {
    const error = asDarkroomError(thrown);
    report(terminal, error);
    return exitCodeOf(error);
  }
}

/** Says what has replaced options of earlier versions. */
function noteFormerOptions(values: Values, terminal: Terminal): void {
  const note = warnings(terminal, values.quiet);
  for (const name of Object.keys(values) as OptionName[]) {
    const { isFormer }: Option = OPTIONS[name];
    if (isFormer !== undefined) note(`--${name} is now ${isFormer}`);
  }
}

/** Throws DR_BAD_USAGE. */
function findCommand(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) throw unknownCommand(name);
  return command;
}

/** `darkroom help`, `darkroom help run`. */
function help([name]: readonly string[], terminal: Terminal): number {
  const width = helpWidth(terminal.columns());
  terminal.out(
    name === undefined ? programHelp(COMMANDS, width) : commandHelp(findCommand(name), width),
  );
  return 0;
}

function unknownCommand(name: string): DarkroomError {
  const names = COMMANDS.map((command) => command.name);
  const isFile = /\.(json|png|webp|jpe?g)$/i.test(name);
  const synonym = ownValue(COMMAND_SYNONYMS, name);
  return badUsage(
    `unknown command '${name}'`,
    (synonym && `Did you mean 'darkroom ${synonym}'?`) ||
      didYouMean(name, [...names, 'help', 'version']) ||
      (isFile ? `To run this file: darkroom run ${name}` : `The commands are ${names.join(', ')}.`),
  );
}

/** `darkroom`, `darkroom --help`, `darkroom --version`, `darkroom -V`. */
function withoutCommand(args: readonly string[], terminal: Terminal): number {
  const { values, positionals } = parseTable(args, PROGRAM_OPTIONS);
  if (values.version) terminal.out(versions().version);
  else if (values.help || args.length === 0) help([], terminal);
  else
    throw badUsage(
      `the command must come first${positionals[0] ? `: darkroom ${positionals[0]} …` : ''}`,
      'See darkroom --help.',
    );
  return args.length === 0 ? 2 : 0;
}
