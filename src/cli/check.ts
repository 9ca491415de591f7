// darkroom check FILE…: whether workflows can run here, and what is missing.
import { type CheckResult, type Darkroom, openDarkroom } from '../engine/room.ts';
import { DarkroomError } from '../errors.ts';
import { parseOverrides } from '../workflow/overrides.ts';
import type { Command } from './command.ts';
import { roomOptions } from './options.ts';
import { partsOf, sentence } from './report.ts';
import { coloured, jsonLine, printable, type Terminal } from './terminal.ts';

export const checkCommand: Command = {
  name: 'check',
  usage: 'check FILE…',
  help: 'says whether workflows can run here: unknown nodes, missing model files, bad inputs',
  options: ['set', 'models', 'input', 'json'],
  run: async ({ values, positionals, terminal, nodes }) => {
    if (positionals.length === 0)
      throw new DarkroomError('DR_BAD_USAGE', { message: 'check needs workflow files', hint: 'For example: darkroom check workflow.json' });
    const set = parseOverrides(values.set ?? []);
    const room = await openDarkroom({ ...roomOptions(values), nodes });
    const results = positionals.map((file) => ({ file, ...checkFile(room, file, set) }));
    await room.close();
    if (values.json) terminal.out(jsonLine(results.map(({ validation: _, ...result }) => result)));
    else for (const result of results) print(terminal, result);
    return results.every((result) => result.runnable) ? 0 : 2;
  },
};

function checkFile(room: Darkroom, file: string, set: Readonly<Record<string, unknown>>): CheckResult {
  try {
    return room.check(file, { set });
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    return { runnable: false, missingNodes: [], missingModels: [], errors: partsOf(error) };
  }
}

function print(terminal: Terminal, { file, runnable, errors }: CheckResult & { file: string }): void {
  terminal.out(`${printable(file)}: ${runnable ? coloured(terminal, 32, 'runnable') : coloured(terminal, 31, 'not runnable')}`);
  for (const error of errors) {
    terminal.out(`  ${printable(sentence(error))}`);
    if (error.hint) terminal.out(`    ${printable(error.hint)}`);
  }
}
