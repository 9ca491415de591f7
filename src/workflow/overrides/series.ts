// Several runs of one workflow: a table of overrides with one run per line, and runs with
// successive seeds.
import { DarkroomError } from '../../errors.ts';
import { type CsvRow, parseCsv } from '../../formats/csv.ts';
import { didYouMean } from '../../near-matches.ts';
import type { Graph } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { SHORTHANDS, seedOf } from './shorthands.ts';

/** One run of a series. */
export interface SeriesRun {
  readonly set: Overrides;
  /** The line of the table, from 1. */
  readonly line?: number;
  /** Why the line can't be run. */
  readonly error?: DarkroomError;
}

/**
 * Reads a CSV table as one run per line. The first line names the overrides (`prompt`, `seed`,
 * `ID.INPUT` …); an empty cell leaves the workflow's value unchanged. A line with too many cells
 * becomes a run with an error. `file` names the table in messages. Throws DR_BAD_USAGE for unknown
 * overrides, for quotes that are not closed and for a table without lines.
 *
 * @example
 * const runs = readSeries('prompt,seed\nred apple,1\nblue heart,2\n');
 * console.log(runs.map(({ set }) => set.prompt));
 */
export function readSeries(csv: string, file = 'the table'): SeriesRun[] {
  const [header, ...rows] = parseCsv(csv, file);
  const names = header?.cells.map((name) => name.trim()) ?? [];
  checkColumns(names, file);
  if (rows.length === 0)
    throw badTable(file, 'there are no lines below the column names', 'Add one line for each run.');
  return rows.map((row) => seriesRun(row, names, file));
}

function checkColumns(names: readonly string[], file: string): void {
  const shorthands = Object.keys(SHORTHANDS);
  const before = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (!Object.hasOwn(SHORTHANDS, name) && !isNodeInput(name))
      throw badTable(
        file,
        name === '' ? `column ${i + 1} has no name` : `there is no override '${name}'`,
        didYouMean(name, shorthands) ||
          `Name the columns in the first line: ${shorthands.join(', ')} or ID.INPUT.`,
      );
    if (before.has(name))
      throw badTable(file, `there are two columns '${name}'`, 'Remove one of them.');
    before.add(name);
  }
}

/** Whether a name has the form `ID.INPUT`. */
function isNodeInput(name: string): boolean {
  const dot = name.indexOf('.', 1);
  return dot > 0 && dot < name.length - 1;
}

function seriesRun({ line, cells }: CsvRow, names: readonly string[], file: string): SeriesRun {
  const set = Object.fromEntries(
    names.map((name, i) => [name, cells[i] ?? '']).filter(([, value]) => value !== ''),
  );
  const surplus = cells.slice(names.length);
  if (surplus.every((cell) => cell.trim() === '')) return { set, line };
  const error = badTable(
    `${file} line ${line}`,
    `there are ${cells.length} cells for ${names.length} columns`,
    'Put cells with commas in quotes: "a, b".',
  );
  return { set, line, error };
}

/**
 * Returns the overrides `count` times with successive seeds. The first seed is the one that they
 * set, else that of the workflow. Throws DR_BAD_USAGE.
 */
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

const badTable = (location: string, reason: string, hint: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', { message: `${location}: ${reason}`, hint });
