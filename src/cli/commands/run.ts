// darkroom run FILE…: runs workflows, each once or several times, and prints the paths of the
// images and the texts that nodes show.
import { relative } from 'node:path';
import { type Darkroom, openDarkroom } from '../../darkroom.ts';
import { type EngineEvent, type Outputs, savedFiles, shownTexts } from '../../engine/events.ts';
import type { DarkroomError } from '../../errors.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { asDarkroomError, exitCodeOf, partsOf, report } from '../error-report.ts';
import { getTemplates } from '../get-templates.ts';
import { type NamedOutput, openNamedOutput } from '../named-output.ts';
import { nodeTable } from '../node-packs.ts';
import { laterTemplateNote } from '../official-templates.ts';
import { darkroomOptions, dynamicSeed, type Values } from '../options.ts';
import type { PictureProtocol } from '../picture-protocol.ts';
import { createProgress } from '../progress.ts';
import { type Failure, planRuns, type Run, reportFailures } from '../run-series.ts';
import { openInViewer, pictureSequence } from '../show-pictures.ts';
import { CLEAR_LINE } from '../status-line.ts';
import { onStopSignals } from '../stop-signals.ts';
import { coloured, jsonLine, printable, type Terminal, warnings } from '../terminal.ts';
import { downloadHint, getBeforeRun } from '../workflow-models.ts';
import { openSource, type Source } from '../workflow-source.ts';

/** Runs the command; returns the exit code. */
export async function runCommand(invocation: Invocation): Promise<number> {
  const { values, terminal } = invocation;
  const reported: ReportedErrors = { hasErrorEvent: false };
  try {
    return await runFiles(invocation, reported);
  } catch (thrown) {
    const error = asDarkroomError(thrown);
    if (values.json && !reported.hasErrorEvent) terminal.out(jsonLine({ type: 'error', error }));
    report(terminal, error);
    printDownloadHint(terminal, error, reported.source);
    return exitCodeOf(error);
  }
}

interface ReportedErrors {
  /** Whether the error of the last run was printed as a JSON event. */
  hasErrorEvent: boolean;
  /** The workflow that is run. */
  source?: Source;
}

function printDownloadHint(terminal: Terminal, error: DarkroomError, source?: Source): void {
  const missing = partsOf(error).flatMap(({ code, file }) =>
    code === 'DR_MODEL_MISSING' && file !== undefined ? [file] : [],
  );
  const hint = source && downloadHint(missing, source);
  if (hint !== undefined) terminal.err(`${coloured(terminal, 36, ' hint:')} ${printable(hint)}\n`);
}

/** A run of one of the workflows. */
interface PlannedRun extends Run {
  readonly source: Source;
}

async function runFiles(invocation: Invocation, reported: ReportedErrors): Promise<number> {
  const { values, positionals, terminal, nodes } = invocation;
  if (positionals.length === 0)
    throw badUsage(
      'run needs a workflow file',
      'For example: darkroom run workflow.json --models path/to/ComfyUI/models',
    );
  const options = darkroomOptions(values);
  const firstSeed = dynamicSeed(values);
  const protocol = values.show ? protocolOf(terminal) : undefined;
  if (values.get) await getTemplates(invocation, positionals);
  const sources: Source[] = [];
  for (const name of positionals) sources.push(await openSource(name));
  reported.source = sources[0];
  const table = await nodeTable(invocation);
  const runs = sources.flatMap((source) =>
    planRuns(values, source, table).map((run): PlannedRun => ({ ...run, source })),
  );
  if (values.get) await getBeforeRun(invocation, sources);
  const isSeries = runs.length > 1 || values.csv !== undefined || values.batch !== undefined;
  const warn = warnings(terminal, values.quiet);
  for (const { template } of sources) {
    const note = laterTemplateNote(template);
    if (note !== undefined) warn(note);
  }
  const named = openNamedOutput(values.output, { isSeries: runs.length > 1, warn });
  try {
    const darkroom = await openDarkroom({
      ...options,
      output: named?.folder ?? options.output,
      ...(nodes && { nodes }),
      onUnreadable: warn,
    });
    const interruption = createInterruption(terminal, darkroom);
    const picturePaths: string[] = [];
    try {
      return await runAll({
        ...{ darkroom, values, terminal, runs, isSeries, firstSeed, reported },
        ...{ named, protocol, picturePaths, interruption },
        failures: [],
        notes: new Set(),
      });
    } finally {
      interruption.release();
      await darkroom.close();
      if (values.open) await openPictures(picturePaths, warn);
    }
  } finally {
    named?.close();
  }
}

/** Throws DR_BAD_USAGE for a terminal that draws no pictures. */
function protocolOf({ pictures }: Terminal): PictureProtocol {
  if (pictures) return pictures;
  throw badUsage(
    '--show needs a terminal that draws pictures',
    'kitty, iTerm2, WezTerm, Ghostty, Konsole and foot do; --open shows pictures in a window.',
  );
}

/** The runs of one command. */
interface Series {
  readonly darkroom: Darkroom;
  readonly values: Values;
  readonly terminal: Terminal;
  readonly runs: readonly PlannedRun[];
  /** With several files, --batch or --csv, a failure does not end the command. */
  readonly isSeries: boolean;
  readonly firstSeed: bigint;
  readonly reported: ReportedErrors;
  readonly failures: Failure[];
  /** The notes that were printed. */
  readonly notes: Set<string>;
  /** The files that --output names. */
  readonly named?: NamedOutput;
  /** How pictures are drawn on the terminal. */
  readonly protocol?: PictureProtocol;
  /** Paths of the images, for --open. */
  readonly picturePaths: string[];
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
  const { darkroom, values, terminal, runs, isSeries, reported, failures, interruption } = series;
  const run = runs[index];
  const progress = values.quiet || values.json ? undefined : createProgress(terminal, series.notes);
  const printEvent = (event: object): void =>
    terminal.out(jsonLine(isSeries ? { run: index + 1, ...event } : event));
  if (isSeries && progress)
    terminal.err(`run ${index + 1} of ${runs.length}${nameOfFile(series, run)}\n`);
  reported.hasErrorEvent = false;
  reported.source = run.source;
  try {
    if (run.error) throw run.error;
    const onEvent = (event: EngineEvent): void => {
      reported.hasErrorEvent ||= event.type === 'error';
      // printed when its files have their names
      const isLater = event.type === 'done' && series.named !== undefined;
      if (values.json && !isLater) printEvent(event);
      progress?.show(event);
    };
    const running = darkroom.run(run.source.content, {
      set: run.set,
      dynamicSeed: series.firstSeed + BigInt(index),
      strict: values.strict,
      onEvent,
      signal: interruption.signal,
    });
    interruption.catchSignals();
    const { outputs } = await running;
    progress?.end();
    await presentOutputs(series, outputs, printEvent);
  } catch (thrown) {
    const error = asDarkroomError(thrown);
    if (!isSeries || error.code === 'DR_INTERRUPTED') throw thrown;
    if (values.json && !reported.hasErrorEvent) printEvent({ type: 'error', error });
    failures.push({ run: index + 1, line: run.line, file: fileOf(series, run), error });
  } finally {
    progress?.end();
  }
}

/** The name of a run's workflow, where there are several. */
const fileOf = ({ runs }: Series, { source }: PlannedRun): string | undefined =>
  runs.some((other) => other.source !== source) ? source.name : undefined;

function nameOfFile(series: Series, run: PlannedRun): string {
  const file = fileOf(series, run);
  return file === undefined ? '' : `: ${printable(file)}`;
}

/** Gives files their names, prints their paths and the texts that nodes show, draws pictures. */
async function presentOutputs(
  { named, values, terminal, protocol, picturePaths }: Series,
  outputs: Outputs,
  printEvent: (event: object) => void,
): Promise<void> {
  const files = Object.values(outputs).flatMap(savedFiles);
  const written = await named?.write(files);
  const pathOf = (file: (typeof files)[number]): string | undefined =>
    written ? written.get(file) : file.path;
  if (values.json && written)
    printEvent({ type: 'done', files: [...written.values()].map(shortPath) });
  for (const output of values.json ? [] : Object.values(outputs)) {
    for (const path of savedFiles(output).map(pathOf))
      if (path !== undefined) terminal.out(shortPath(path));
    for (const text of shownTexts(output)) terminal.out(printable(text));
  }
  const pictures = files
    .map(pathOf)
    .filter((path): path is string => path !== undefined && /\.(png|webp|jpe?g)$/i.test(path));
  picturePaths.push(...pictures);
  if (protocol) for (const path of pictures) terminal.out(await pictureSequence(path, protocol));
}

/** The maximum number of pictures that --open opens. */
const MAX_OPENED = 8;

async function openPictures(
  paths: readonly string[],
  warn: (message: string) => void,
): Promise<void> {
  for (const path of paths.slice(0, MAX_OPENED))
    if (!(await openInViewer(path))) {
      warn('no program to show pictures was found');
      return;
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
      terminal.err(
        `${CLEAR_LINE}stopping after this step; press Ctrl-C again to stop immediately\n`,
      );
    interrupt.abort();
  });
}

/** A path, relative to the working directory if it is inside it. */
const shortPath = (path: string): string => {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
};
