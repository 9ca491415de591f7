// Texts of the help, wrapped to the terminal.
import type { Command } from './command.ts';
import { COMMON_OPTIONS, type Option, PROGRAM_OPTIONS } from './option-table.ts';
import { type OptionName, shownOptions } from './options.ts';

const MIN_WIDTH = 50;
/** Longer lines are hard to read. */
const MAX_WIDTH = 100;
const FLAGS_WIDTH = 26;

/** The width of help on a terminal of so many columns. */
export const helpWidth = (columns: number): number =>
  Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, columns));

/** The help of one command. */
export function commandHelp(command: Command, width: number): string {
  const { usage, help, options, examples, notes = [] } = command;
  return [
    `darkroom ${usage}`,
    ...wrap(help, width, '  '),
    '',
    'Examples:',
    ...examples.map((example) => `  ${example}`),
    '',
    'Options:',
    ...optionLines([...options, ...COMMON_OPTIONS], width),
    ...notes.flatMap((note) => ['', ...wrap(note, width)]),
  ].join('\n');
}

/** The help of the program. */
export function programHelp(commands: readonly Command[], width: number): string {
  return [
    'Darkroom runs ComfyUI image workflows.',
    '',
    'Examples:',
    '  darkroom run workflow.json --prompt "a red fox" --output fox.png',
    '  darkroom check workflow.json --models ~/ComfyUI/models',
    '  darkroom serve',
    '',
    'Commands:',
    ...commands.flatMap(({ usage, help }) => columns(usage, help, width)),
    '',
    'Options:',
    ...Object.entries(PROGRAM_OPTIONS).flatMap(([name, option]) => optionLine(name, option, width)),
    '',
    ...wrap('Run darkroom help COMMAND for the examples and options of a command.', width),
    ...wrap(
      'Exit codes: 0 success, also when outputs were left out with a warning; 1 failure while ' +
        'running; 2 bad usage or invalid workflow; 130 interrupted.',
      width,
    ),
  ].join('\n');
}

/** Lines of help for some options. */
const optionLines = (names: readonly OptionName[], width: number): string[] =>
  shownOptions(names).flatMap(([name, option]) => optionLine(name, option, width));

function optionLine(name: string, { short, value, help }: Option, width: number): string[] {
  const flags = `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
  return columns(flags, help, width);
}

/** A name and its explanation side by side, or one below the other if the name is long. */
function columns(name: string, text: string, width: number): string[] {
  const indent = ' '.repeat(FLAGS_WIDTH + 4);
  const [first, ...rest] = wrap(text, width, indent);
  return name.length > FLAGS_WIDTH
    ? [`  ${name}`, first, ...rest]
    : [`  ${name.padEnd(FLAGS_WIDTH)}${first.slice(FLAGS_WIDTH + 2)}`, ...rest];
}

/** Breaks a text into lines of at most `width` characters, each with an indent. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}
