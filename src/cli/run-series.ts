// The runs of one command: one, or one for each line of --csv, each --batch times; and the report
// of those that failed.
import { DarkroomError } from '../errors.ts';
import { decodeText } from '../formats/decode-text.ts';
import { readRegularFileSync } from '../formats/regular-file.ts';
import { NODES } from '../nodes/index.ts';
import type { NodeTable } from '../workflow/node-table.ts';
import { type Overrides, parseOverrides } from '../workflow/overrides/overrides.ts';
import { readSeries, type SeriesRun, withSuccessiveSeeds } from '../workflow/overrides/series.ts';
import { isShorthand, SHORTHANDS } from '../workflow/overrides/shorthands.ts';
import { asDarkroomError, report } from './error-report.ts';
import { type Values, wholeNumber } from './options.ts';
import { coloured, type Terminal } from './terminal.ts';
import { readSource, type Source } from './workflow-source.ts';

export type Run = SeriesRun;

export interface Failure {
  /** From 1. */
  readonly run: number;
  /** The line of the table. */
  readonly line?: number;
  /** The workflow, where there are several. */
  readonly file?: string;
  readonly error: DarkroomError;
}

const MAX_BATCH = 100_000;
const MAX_TABLE_BYTES = 64 * 1024 * 1024;

/**
 * The runs that the options describe. Throws DR_BAD_USAGE, DR_FILE_MISSING and, as --batch needs
 * the seed of the workflow, the errors of reading it.
 */
export function planRuns(values: Values, source: Source, nodes: NodeTable = NODES): Run[] {
  const set = overridesOf(values);
  const lines: Run[] =
    values.csv === undefined
      ? [{ set }]
      : readSeries(readTable(values.csv), values.csv).map((run) => ({
          ...run,
          set: { ...set, ...run.set },
        }));
  const count = wholeNumber(values, 'batch', 1, MAX_BATCH);
  if (count === undefined) return lines;
  const { graph } = readSource(source, { nodes });
  const withSeeds = (run: Run): Run[] =>
    withSuccessiveSeeds(run.set, count, graph, nodes).map((seeded) => ({ ...run, set: seeded }));
  if (values.csv === undefined) return withSeeds({ set });
  return lines.flatMap((run): Run[] => {
    if (run.error) return [run];
    try {
      return withSeeds(run);
    } catch (error) {
      return [{ ...run, error: asDarkroomError(error) }];
    }
  });
}

/** The maximum number of runs that are listed for one error. */
const MAX_LISTED = 8;

/** Prints the runs that failed, grouped by their error; returns the exit code. */
export function reportFailures(
  terminal: Terminal,
  failures: readonly Failure[],
  runCount: number,
): number {
  if (failures.length === 0) return 0;
  terminal.err(`${coloured(terminal, 31, `${failures.length} of ${runCount} runs failed`)}\n`);
  for (const message of new Set(failures.map(({ error }) => error.message))) {
    const same = failures.filter(({ error }) => error.message === message);
    const names = same.map(({ run, line, file }) => {
      const details = [file, line === undefined ? undefined : `line ${line}`].filter(Boolean);
      return details.length === 0 ? `run ${run}` : `run ${run} (${details.join(', ')})`;
    });
    const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '';
    terminal.err(`${names.slice(0, MAX_LISTED).join(', ')}${more}:\n`);
    report(terminal, same[0].error);
  }
  return 1;
}

/** The text of a table. Throws DR_FILE_MISSING, DR_FILE_UNREADABLE. */
function readTable(file: string): string {
  const { text, invalidLine } = decodeText(readTableBytes(file));
  if (invalidLine === undefined && !text.includes('\0')) return text;
  throw new DarkroomError('DR_FILE_UNREADABLE', {
    message: `${file} line ${invalidLine ?? 1} is not UTF-8 text`,
    hint: 'Save the table as CSV in UTF-8 (in Excel: "CSV UTF-8"), or in UTF-16 with a byte order mark.',
    file,
  });
}

function readTableBytes(file: string): Buffer {
  try {
    return readRegularFileSync(file, MAX_TABLE_BYTES);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DarkroomError(isMissing ? 'DR_FILE_MISSING' : 'DR_FILE_UNREADABLE', {
      message: isMissing
        ? `there is no file ${file}`
        : `${file} can't be read: ${(cause as Error).message}`,
      hint:
        '--csv needs a table: the first line names the columns (prompt, seed, ID.INPUT …), ' +
        'each line below is one run.',
      file,
      cause,
    });
  }
}

/** The overrides of `--set`, `--prompt`, `--seed` … Throws DR_BAD_USAGE. */
const overridesOf = (values: Values): Overrides => ({
  ...Object.fromEntries(
    Object.keys(SHORTHANDS)
      .filter(isShorthand)
      .flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  ),
  ...parseOverrides(values.set ?? []),
});
