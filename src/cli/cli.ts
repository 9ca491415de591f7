// The command line: finds the command, parses its options, reports errors and returns exit codes.
import type { DarkroomOptions } from '../darkroom.ts';
import { versions } from '../engine/versions.ts';
import type { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';
import { badUsage } from './bad-usage.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { asDarkroomError, exitCodeOf, report } from './error-report.ts';
import { helpLines, parseOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line; returns the exit code. */
export async function main(
  args: readonly string[],
  terminal: Terminal,
  nodes?: DarkroomOptions['nodes'],
): Promise<number> {
  try {
    const [name, ...rest] = args;
    if (name === undefined || name.startsWith('-')) return withoutCommand(args, terminal);
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (!command) throw unknownCommand(name);
    const { values, positionals } = parseOptions(rest, [...command.options, 'help']);
    if (values.help) {
      terminal.out(helpOf(command));
      return 0;
    }
    return await command.run({ values, positionals, terminal, nodes });
  } catch (thrown) {
    const error = asDarkroomError(thrown);
    report(terminal, error);
    return exitCodeOf(error);
  }
}

function unknownCommand(name: string): DarkroomError {
  const names = COMMANDS.map((command) => command.name);
  const isFile = /\.(json|png|webp)$/i.test(name);
  return badUsage(
    `unknown command '${name}'`,
    didYouMean(name, names) ||
      (isFile ? `To run this file: darkroom run ${name}` : `The commands are ${names.join(', ')}.`),
  );
}

/** `darkroom`, `darkroom --help`, `darkroom --version`. */
function withoutCommand(args: readonly string[], terminal: Terminal): number {
  const { values, positionals } = parseOptions(args, ['help', 'version']);
  if (values.version) terminal.out(versions().version);
  else if (values.help || args.length === 0) terminal.out(HELP);
  else
    throw badUsage(
      `the command must come first${positionals[0] ? `: darkroom ${positionals[0]} …` : ''}`,
      'See darkroom --help.',
    );
  return args.length === 0 ? 2 : 0;
}

const helpOf = (command: Command): string =>
  [
    `darkroom ${command.usage}`,
    `  ${command.help}`,
    '',
    'Options:',
    ...helpLines([...command.options, 'help']),
    ...(command.notes ? ['', ...command.notes] : []),
  ].join('\n');

const HELP = [
  'Darkroom runs ComfyUI image workflows.',
  '',
  'Commands:',
  ...COMMANDS.map((command) => `  darkroom ${command.usage.padEnd(19)}  ${command.help}`),
  '',
  'Options:',
  ...helpLines(['help', 'version']),
  '',
  'Run darkroom COMMAND --help for the options of a command.',
  'Exit codes: 0 success, 1 failure while running, 2 bad usage or invalid workflow,',
  '130 interrupted.',
].join('\n');
