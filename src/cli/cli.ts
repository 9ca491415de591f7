// The command line: finds the command, parses its options, turns errors into sentences and exit codes.
import type { DarkroomOptions } from '../darkroom.ts';
import { versions } from '../engine/versions.ts';
import { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { asDarkroomError, exitCodeOf, report } from './error-report.ts';
import { helpLines, parseOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line; gives the exit code. */
export async function main(
  args: readonly string[],
  terminal: Terminal,
  nodes?: DarkroomOptions['nodes'],
): Promise<number> {
  try {
    const [first, ...rest] = args;
    if (first === undefined || first.startsWith('-')) return general(args, terminal);
    const command = COMMANDS.find((c) => c.name === first);
    if (!command)
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `unknown command '${first}'`,
        hint:
          didYouMean(
            first,
            COMMANDS.map((c) => c.name),
          ) ||
          (/\.(json|png|webp)$/i.test(first)
            ? `To run that file: darkroom run ${first}`
            : `There are: ${COMMANDS.map((c) => c.name).join(', ')}.`),
      });
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

function general(args: readonly string[], terminal: Terminal): number {
  const { values, positionals } = parseOptions(args, ['help', 'version']);
  if (values.version) terminal.out(versions().version);
  else if (values.help || args.length === 0) terminal.out(HELP);
  else
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `the command comes first${positionals[0] ? `: darkroom ${positionals[0]} …` : ''}`,
      hint: 'See darkroom --help.',
    });
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
  ...COMMANDS.map((c) => `  darkroom ${c.usage.padEnd(15)}  ${c.help}`),
  '',
  'Options:',
  ...helpLines(['help', 'version']),
  '',
  'darkroom COMMAND --help tells more. Exit codes: 0 done, 1 failed while running, 2 bad usage or invalid workflow, 130 interrupted.',
].join('\n');
