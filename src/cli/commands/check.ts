// darkroom check FILE…: checks whether workflows can run here, and lists everything that is
// missing.
import {
  type CheckOptions,
  type CheckResult,
  type Darkroom,
  openDarkroom,
} from '../../darkroom.ts';
import { DarkroomError } from '../../errors.ts';
import { parseOverrides } from '../../workflow/overrides/overrides.ts';
import type { MissingNode } from '../../workflow/validate/find-problems.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { partsOf, sentence } from '../error-report.ts';
import { laterTemplateNote, templateSizeNote } from '../official-templates.ts';
import { darkroomOptions } from '../options.ts';
import { coloured, jsonLine, printable, type Terminal, warnings } from '../terminal.ts';
import { downloadHint, originNotes } from '../workflow-models.ts';
import { openSource } from '../workflow-source.ts';

type FileResult = Omit<CheckResult, 'validation'> & { readonly file: string };

/** Runs the command; returns the exit code. */
export async function checkCommand({
  values,
  positionals,
  terminal,
  nodes,
}: Invocation): Promise<number> {
  if (positionals.length === 0)
    throw badUsage('check needs workflow files', 'For example: darkroom check workflow.json');
  const set = parseOverrides(values.set ?? []);
  const darkroom = await openDarkroom({
    ...darkroomOptions(values),
    ...(nodes && { nodes }),
    onUnreadable: warnings(terminal, values.quiet),
  });
  const results: FileResult[] = [];
  const options: CheckOptions = { set, strict: values.strict };
  for (const file of positionals)
    results.push({ file, ...(await checkFile(darkroom, file, options)) });
  await darkroom.close();
  const fileCounts = countFilesByType(results);
  if (values.json) terminal.out(jsonLine(results.map((result) => withCounts(result, fileCounts))));
  else {
    for (const result of results) printResult(terminal, result);
    if (results.length > 1) printSummary(terminal, results, fileCounts);
  }
  return results.every(({ runnable }) => runnable) ? 0 : 2;
}

/** The result of one file; a file that can't be read has its errors. */
async function checkFile(
  darkroom: Darkroom,
  file: string,
  options: CheckOptions,
): Promise<Omit<CheckResult, 'validation'>> {
  try {
    const source = await openSource(file);
    const { validation: _, ...result } = await darkroom.check(source.content, options);
    const notes = [
      laterTemplateNote(source.template),
      ...originNotes(result.missingModels, source),
      downloadHint(result.missingModels, source),
      result.missingModels.length > 0 ? templateSizeNote(source.template) : undefined,
    ];
    return { ...result, notes: [...result.notes, ...notes.filter((note) => note !== undefined)] };
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    return {
      runnable: false,
      leftOut: [],
      missingNodes: [],
      missingModels: [],
      errors: partsOf(error),
      nodes: [],
      models: [],
      notes: [],
    };
  }
}

/** How many files need each missing node type. */
function countFilesByType(results: readonly FileResult[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { missingNodes } of results)
    for (const type of missingNodes) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

const withCounts = (result: FileResult, fileCounts: ReadonlyMap<string, number>): object => ({
  ...result,
  nodes: result.nodes.map((node) => ({ ...node, files: fileCounts.get(node.type) })),
});

/** `runnable`, `runnable in part (1 output is left out)` or `not runnable`. */
function verdictOn(terminal: Terminal, { runnable, leftOut }: FileResult): string {
  if (!runnable) return coloured(terminal, 31, 'not runnable');
  if (leftOut.length === 0) return coloured(terminal, 32, 'runnable');
  const outputs = leftOut.length === 1 ? '1 output is' : `${leftOut.length} outputs are`;
  return coloured(terminal, 33, `runnable in part (${outputs} left out)`);
}

function printResult(terminal: Terminal, result: FileResult): void {
  const { file, errors, notes } = result;
  terminal.out(`${printable(file)}: ${verdictOn(terminal, result)}`);
  for (const error of errors) {
    terminal.out(`  ${printable(sentence(error))}`);
    if (error.hint) terminal.out(`    ${printable(error.hint)}`);
  }
  for (const line of portLines(result.nodes)) terminal.out(`  ${printable(line)}`);
  for (const note of notes) terminal.out(`  ${coloured(terminal, 33, 'note:')} ${printable(note)}`);
}

/** For each pack of missing nodes: that it is not there, and how to begin a node of it. */
function portLines(nodes: readonly MissingNode[]): string[] {
  const unknown = nodes.filter(({ reason }) => reason === undefined);
  const byPack = new Map(unknown.map((node) => [node.pack, node]));
  return [...byPack].map(
    ([pack, { type }]) =>
      `no port of ${pack ?? `the pack of '${type}'`} for Darkroom is known; to begin one from a ` +
      `ComfyUI server that has it: darkroom nodes new --from object_info.json "${type}"`,
  );
}

/** How many files can run, and the missing node types, the most frequent first. */
function printSummary(
  terminal: Terminal,
  results: readonly FileResult[],
  fileCounts: ReadonlyMap<string, number>,
): void {
  const runnable = results.filter((result) => result.runnable).length;
  terminal.out(`${runnable} of ${results.length} files can run`);
  if (fileCounts.size === 0) return;
  terminal.out('missing node types:');
  const packs = new Map(
    results.flatMap(({ nodes }) => nodes.map(({ type, pack }) => [type, pack] as const)),
  );
  const byCount = [...fileCounts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  for (const [type, count] of byCount) {
    const pack = packs.get(type);
    const files = `${count} ${count === 1 ? 'file' : 'files'}`;
    terminal.out(`  ${printable(type)}: ${files}${pack ? ` (${pack})` : ''}`);
  }
}
