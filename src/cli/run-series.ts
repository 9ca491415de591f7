// The runs of one command: one, or one per line of --csv, each --batch times; and what is said of those that failed.
import { readFileSync } from 'node:fs';
import { DarkroomError } from '../errors.ts';
import { NODES } from '../nodes/index.ts';
import { type Overrides, parseOverrides } from '../workflow/overrides/overrides.ts';
import { readSeries, type SeriesRun, withSuccessiveSeeds } from '../workflow/overrides/series.ts';
import { isShorthand, SHORTHANDS } from '../workflow/overrides/shorthands.ts';
import { readWorkflowBytes, readWorkflowFile } from '../workflow/read/read.ts';
import type { NodeTable } from '../workflow/validate/validate.ts';
import { asDarkroomError, report } from './error-report.ts';
import type { Values } from './options.ts';
import { coloured, type Terminal } from './terminal.ts';
import type { Source } from './workflow-source.ts';

export interface Failure {
  readonly run: number;
  readonly line?: number;
  readonly error: DarkroomError;
}

/** Throws DR_BAD_USAGE, DR_FILE_MISSING, and what reading the workflow throws where its seed must be known. */
export function plannedRuns(
  values: Values,
  { content, name }: Source,
  nodes: NodeTable = NODES,
): SeriesRun[] {
  const set = overridesOf(values);
  const lines: SeriesRun[] =
    values.csv === undefined
      ? [{ set }]
      : readSeries(readTable(values.csv), values.csv).map((run) => ({
          ...run,
          set: { ...set, ...run.set },
        }));
  if (values.batch === undefined) return lines;
  const count = Number(values.batch);
  if (!(Number.isInteger(count) && count >= 1 && count <= 100_000))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `--batch ${values.batch} is no number of runs`,
      hint: 'Give a whole number from 1.',
    });
  const { graph } =
    typeof content === 'string'
      ? readWorkflowFile(content, { nodes })
      : readWorkflowBytes(content, name, { nodes });
  const seeded = (line: Overrides): Overrides[] => withSuccessiveSeeds(line, count, graph, nodes);
  if (values.csv === undefined) return seeded(set).map((set) => ({ set }));
  return lines.flatMap((run): SeriesRun[] => {
    if (run.error) return [run];
    try {
      return seeded(run.set).map((set) => ({ ...run, set }));
    } catch (error) {
      return [{ ...run, error: asDarkroomError(error) }];
    }
  });
}

/** Says which runs failed, those of the same reason together; gives the exit code. */
export function reportFailures(
  terminal: Terminal,
  failures: readonly Failure[],
  runs: number,
): number {
  if (failures.length === 0) return 0;
  terminal.err(`${coloured(terminal, 31, `${failures.length} of ${runs} runs failed`)}\n`);
  for (const message of new Set(failures.map(({ error }) => error.message))) {
    const same = failures.filter(({ error }) => error.message === message);
    const places = same.map(({ run, line }) =>
      line === undefined ? `run ${run}` : `run ${run} (line ${line})`,
    );
    terminal.err(
      `${places.slice(0, 8).join(', ')}${places.length > 8 ? ` and ${places.length - 8} more` : ''}:\n`,
    );
    report(terminal, same[0].error);
  }
  return 1;
}

function readTable(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DarkroomError(missing ? 'DR_FILE_MISSING' : 'DR_FILE_UNREADABLE', {
      message: missing
        ? `there is no file ${file}`
        : `${file} can't be read: ${(cause as Error).message}`,
      hint: '--csv takes a table: the first line names the columns (prompt, seed, ID.INPUT …), each line below is one run.',
      file,
      cause,
    });
  }
}

/** What `--set`, `--prompt`, `--seed` … set. Throws DR_BAD_USAGE. */
const overridesOf = (values: Values): Overrides => ({
  ...Object.fromEntries(
    Object.keys(SHORTHANDS)
      .filter(isShorthand)
      .flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  ),
  ...parseOverrides(values.set ?? []),
});
