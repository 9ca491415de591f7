// darkroom run FILE: runs a workflow, once or several times, and prints the paths of the images and
// the texts that nodes show.
import { relative } from 'node:path';
import { type Darkroom, openDarkroom } from '../../darkroom.ts';
import { type EngineEvent, type Outputs, savedFiles, shownTexts } from '../../engine/events.ts';
import type { DarkroomError } from '../../errors.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { asDarkroomError, exitCodeOf, partsOf, report } from '../error-report.ts';
import { darkroomOptions, dynamicSeed, type Values } from '../options.ts';
import { createProgress } from '../progress.ts';
import { type Failure, planRuns, type Run, reportFailures } from '../run-series.ts';
import { onStopSignals } from '../stop-signals.ts';
import { coloured, jsonLine, printable, type Terminal, warnings } from '../terminal.ts';
import { downloadHint, getBeforeRun } from '../workflow-models.ts';
import { openSource, type Source } from '../workflow-source.ts';

/** Runs the command; returns the exit code. */
export async function runCommand(invocation: Invocation): Promise<number> {
  const { values, terminal } = invocation;
  const reported: ReportedErrors = { hasErrorEvent: false };
  try {
    return await runFile(invocation, reported);
  } catch (thrown) {
    const error = asDarkroomError(thrown);
    if (values.json && !reported.hasErrorEvent) terminal.out(jsonLine({ type: 'error', error }));
    report(terminal, error);
    const hint = reported.source && downloadHint(missingModels(error), reported.source);
    if (hint !== undefined)
      terminal.err(`${coloured(terminal, 36, ' hint:')} ${printable(hint)}\n`);
    return exitCodeOf(error);
  }
}

const missingModels = (error: DarkroomError): string[] =>
  partsOf(error).flatMap(({ code, file }) =>
    code === 'DR_MODEL_MISSING' && file !== undefined ? [file] : [],
  );

interface ReportedErrors {
  /** Whether the error of the last run was printed as a JSON event. */
  hasErrorEvent: boolean;
  /** The workflow that is run. */
  source?: Source;
}

async function runFile(invocation: Invocation, reported: ReportedErrors): Promise<number> {
  const { values, positionals, terminal, nodes } = invocation;
  if (positionals.length !== 1)
    throw badUsage(
      positionals.length === 0
        ? 'run needs a workflow file'
        : `run takes one workflow file, not ${positionals.length}`,
      'For example: darkroom run workflow.json --models path/to/ComfyUI/models',
    );
  const firstSeed = dynamicSeed(values);
  const source = await openSource(positionals[0]);
  reported.source = source;
  if (values.get) await getBeforeRun(invocation, [source]);
  const runs = planRuns(values, source, nodes?.table);
  const isSeries = runs.length > 1 || values.csv !== undefined || values.batch !== undefined;
  const darkroom = await openDarkroom({
    ...darkroomOptions(values),
    nodes,
    onUnreadable: warnings(terminal, values.quiet),
  });
  const series: Series = {
    darkroom,
    source,
    values,
    terminal,
    runs,
    isSeries,
    firstSeed,
    reported,
    failures: [],
    interruption: createInterruption(terminal, darkroom),
  };
  try {
    return await runAll(series);
  } finally {
    series.interruption.release();
    await darkroom.close();
  }
}

/** The runs of one command. */
interface Series {
  readonly darkroom: Darkroom;
  readonly source: Source;
  readonly values: Values;
  readonly terminal: Terminal;
  readonly runs: readonly Run[];
  /** With --batch or --csv, a failure does not end the command. */
  readonly isSeries: boolean;
  readonly firstSeed: bigint;
  readonly reported: ReportedErrors;
  readonly failures: Failure[];
  readonly interruption: Interruption;
}

async function runAll(series: Series): Promise<number> {
  const { runs, terminal, failures, isSeries } = series;
  let index = 0;
  try {
    for (; index < runs.length; index++) await runOne(series, index);
    return reportFailures(terminal, failures, runs.length);
  } catch (error) {
    if (isSeries) reportFailures(terminal, failures, runs.length);
    if (isSeries) terminal.err(`stopped at run ${index + 1} of ${runs.length}\n`);
    throw error;
  }
}

async function runOne(series: Series, index: number): Promise<void> {
  const { darkroom, source, values, terminal, runs, isSeries, reported, failures, interruption } =
    series;
  const run = runs[index];
  const progress = values.quiet || values.json ? undefined : createProgress(terminal);
  const printEvent = (event: object): void =>
    terminal.out(jsonLine(isSeries ? { run: index + 1, ...event } : event));
  if (isSeries && progress) terminal.err(`run ${index + 1} of ${runs.length}\n`);
  reported.hasErrorEvent = false;
  try {
    if (run.error) throw run.error;
    const onEvent = (event: EngineEvent): void => {
      reported.hasErrorEvent ||= event.type === 'error';
      if (values.json) printEvent(event);
      progress?.show(event);
    };
    const running = darkroom.run(source.content, {
      set: run.set,
      dynamicSeed: series.firstSeed + BigInt(index),
      strict: values.strict,
      onEvent,
      signal: interruption.signal,
    });
    interruption.catchSignals();
    const { outputs } = await running;
    progress?.end();
    if (!values.json) printOutputs(terminal, outputs);
  } catch (thrown) {
    const error = asDarkroomError(thrown);
    if (!isSeries || error.code === 'DR_INTERRUPTED') throw thrown;
    if (values.json && !reported.hasErrorEvent) printEvent({ type: 'error', error });
    failures.push({ run: index + 1, line: run.line, error });
  } finally {
    progress?.end();
  }
}

/**
 * Catches signals from the first run on, until `release`. Before its engine starts, while the
 * workflow is read and checked on this thread, they are left to the system, which ends the program
 * at once.
 */
interface Interruption {
  readonly signal: AbortSignal;
  catchSignals(): void;
  release(): void;
}

function createInterruption(terminal: Terminal, { kill }: Darkroom): Interruption {
  const interrupt = new AbortController();
  let release: (() => void) | undefined;
  return {
    signal: interrupt.signal,
    catchSignals: () => {
      release ??= interruptOnSignals(terminal, interrupt, kill);
    },
    release: () => release?.(),
  };
}

/** Prints the paths of the files that nodes saved, and the texts that they show. */
function printOutputs(terminal: Terminal, outputs: Outputs): void {
  for (const output of Object.values(outputs)) {
    for (const file of savedFiles(output)) terminal.out(shortPath(file.path));
    for (const text of shownTexts(output)) terminal.out(printable(text));
  }
}

/** Aborts with the first Ctrl-C (or SIGTERM), and kills the engine with the second. */
function interruptOnSignals(
  terminal: Terminal,
  interrupt: AbortController,
  kill: () => void,
): () => void {
  return onStopSignals((count) => {
    if (count > 1) {
      kill();
      return;
    }
    if (terminal.interactive)
      terminal.err('\r\x1b[2Kstopping after this step; press Ctrl-C again to stop immediately\n');
    interrupt.abort();
  });
}

/** A path, relative to the working directory if it is inside it. */
const shortPath = (path: string): string => {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
};
