// Several runs of one workflow: a table of overrides, one run per line, and each of them with successive seeds.
import { DarkroomError } from '../../errors.ts';
import { parseCsv } from '../../formats/csv.ts';
import { didYouMean } from '../../near-matches.ts';
import type { Graph } from '../api-graph.ts';
import type { NodeTable } from '../validate/validate.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { SHORTHANDS, seedOf } from './shorthands.ts';

export interface SeriesRun {
  readonly set: Overrides;
  /** The line of the table, from 1. */
  readonly line?: number;
  /** What is wrong with the line: it can't be run. */
  readonly error?: DarkroomError;
}

/**
 * One run per line of a CSV text; the first line names the overrides, empty cells leave what is there. A line that has too many cells
 * becomes a run with an error. Throws DR_BAD_USAGE for names that are no overrides and for a table without lines.
 */
export function readSeries(csv: string, file = 'the table'): SeriesRun[] {
  const [header, ...rows] = parseCsv(csv);
  const names = header?.cells.map((name) => name.trim()) ?? [];
  for (const [i, name] of names.entries()) {
    if (!Object.hasOwn(SHORTHANDS, name) && !/^.+\..+$/.test(name))
      throw usage(
        file,
        name === '' ? `column ${i + 1} has no name` : `'${name}' is no override`,
        didYouMean(name, Object.keys(SHORTHANDS)) ||
          `The first line names the columns: ${Object.keys(SHORTHANDS).join(', ')} or ID.INPUT.`,
      );
    if (names.indexOf(name) < i)
      throw usage(file, `there are two columns '${name}'`, 'Take one of them out.');
  }
  if (rows.length === 0)
    throw usage(file, 'it has no lines below the names of the columns', 'Each line is one run.');
  return rows.map(({ line, cells }) => {
    const set = Object.fromEntries(
      names.map((name, i) => [name, cells[i] ?? '']).filter(([, value]) => value !== ''),
    );
    const many =
      cells.length > names.length && cells.slice(names.length).some((cell) => cell.trim() !== '');
    const error = many
      ? usage(
          `${file} line ${line}`,
          `it has ${cells.length} cells for ${names.length} columns`,
          'Put cells with commas in quotes: "a, b".',
        )
      : undefined;
    return { set, line, ...(error && { error }) };
  });
}

/** The same overrides `count` times, with the seed that they (or the workflow) have, then the next one, and so on. Throws DR_BAD_USAGE. */
export function withSuccessiveSeeds(
  set: Overrides,
  count: number,
  graph: Graph,
  nodes: NodeTable,
): Overrides[] {
  const first = seedOf(applyOverrides(graph, set, nodes), nodes);
  return Array.from({ length: count }, (_, i) =>
    i === 0 ? set : { ...set, seed: BigInt.asUintN(64, first + BigInt(i)) },
  );
}

const usage = (where: string, what: string, hint: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', { message: `${where}: ${what}`, hint });
