// darkroom check FILE…: whether workflows can run here, and everything that is missing, in one pass.
import { type CheckResult, type Darkroom, openDarkroom } from '../../darkroom.ts';
import { DarkroomError } from '../../errors.ts';
import { parseOverrides } from '../../workflow/overrides/overrides.ts';
import type { Invocation } from '../command.ts';
import { partsOf, sentence } from '../error-report.ts';
import { darkroomOptions } from '../options.ts';
import { coloured, jsonLine, printable, type Terminal } from '../terminal.ts';
import { openSource } from '../workflow-source.ts';

type Checked = Omit<CheckResult, 'validation'> & { readonly file: string };

/** Runs the command; gives the exit code, or throws what is to be reported. */
export async function checkCommand({
  values,
  positionals,
  terminal,
  nodes,
}: Invocation): Promise<number> {
  if (positionals.length === 0)
    throw new DarkroomError('DR_BAD_USAGE', {
      message: 'check needs workflow files',
      hint: 'For example: darkroom check workflow.json',
    });
  const set = parseOverrides(values.set ?? []);
  const darkroom = await openDarkroom({ ...darkroomOptions(values), nodes });
  const results: Checked[] = [];
  for (const file of positionals) results.push({ file, ...(await checkFile(darkroom, file, set)) });
  await darkroom.close();
  const files = filesByType(results);
  if (values.json)
    terminal.out(
      jsonLine(
        results.map((result) => ({
          ...result,
          nodes: result.nodes.map((node) => ({ ...node, files: files.get(node.type) })),
        })),
      ),
    );
  else {
    for (const result of results) print(terminal, result);
    if (results.length > 1) printWanted(terminal, results, files);
  }
  return results.every((result) => result.runnable) ? 0 : 2;
}

async function checkFile(
  darkroom: Darkroom,
  file: string,
  set: Readonly<Record<string, unknown>>,
): Promise<Omit<CheckResult, 'validation'>> {
  try {
    const { validation: _, ...result } = darkroom.check((await openSource(file)).content, { set });
    return result;
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    return {
      runnable: false,
      missingNodes: [],
      missingModels: [],
      errors: partsOf(error),
      nodes: [],
      models: [],
      notes: [],
    };
  }
}

/** How many of the files need a type. */
function filesByType(results: readonly Checked[]): ReadonlyMap<string, number> {
  const files = new Map<string, number>();
  for (const { missingNodes } of results)
    for (const type of missingNodes) files.set(type, (files.get(type) ?? 0) + 1);
  return files;
}

function print(terminal: Terminal, { file, runnable, errors, notes }: Checked): void {
  terminal.out(
    `${printable(file)}: ${runnable ? coloured(terminal, 32, 'runnable') : coloured(terminal, 31, 'not runnable')}`,
  );
  for (const error of errors) {
    terminal.out(`  ${printable(sentence(error))}`);
    if (error.hint) terminal.out(`    ${printable(error.hint)}`);
  }
  for (const note of notes) terminal.out(`  ${coloured(terminal, 33, 'note:')} ${printable(note)}`);
}

/** The missing types of several files, the most wanted first. */
function printWanted(
  terminal: Terminal,
  results: readonly Checked[],
  files: ReadonlyMap<string, number>,
): void {
  const runnable = results.filter((result) => result.runnable).length;
  terminal.out(`${runnable} of ${results.length} files can run`);
  if (files.size === 0) return;
  terminal.out('missing node types:');
  const packs = new Map(
    results.flatMap(({ nodes }) => nodes.map(({ type, pack }) => [type, pack] as const)),
  );
  for (const [type, count] of [...files].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)))
    terminal.out(
      `  ${printable(type)}: ${count} ${count === 1 ? 'file' : 'files'}${packs.get(type) ? ` (${packs.get(type)})` : ''}`,
    );
}
