// darkroom run FILE: runs a workflow, once or several times, and says where the pictures are.
import { relative } from 'node:path';
import { openDarkroom } from '../../darkroom.ts';
import { savedFiles } from '../../engine/events.ts';
import { DarkroomError } from '../../errors.ts';
import type { Invocation } from '../command.ts';
import { asDarkroomError, exitCodeOf, report } from '../error-report.ts';
import { darkroomOptions, dynamicSeed } from '../options.ts';
import { createProgress } from '../progress.ts';
import { type Failure, plannedRuns, reportFailures } from '../run-series.ts';
import { jsonLine, type Terminal } from '../terminal.ts';
import { openSource } from '../workflow-source.ts';

/** Runs the command; gives the exit code, or throws what is to be reported. */
export async function runCommand({
  values,
  positionals,
  terminal,
  nodes,
}: Invocation): Promise<number> {
  let told = false;
  try {
    if (positionals.length !== 1)
      throw new DarkroomError('DR_BAD_USAGE', {
        message:
          positionals.length === 0
            ? 'run needs a workflow file'
            : `run takes one workflow file, not ${positionals.length}`,
        hint: 'For example: darkroom run workflow.json --models path/to/ComfyUI/models',
      });
    const seed = dynamicSeed(values);
    const { content, name } = await openSource(positionals[0]);
    const runs = plannedRuns(values, { content, name }, nodes?.table);
    const several = runs.length > 1 || values.csv !== undefined || values.batch !== undefined;
    const darkroom = await openDarkroom({ ...darkroomOptions(values), nodes });
    const stop = onInterrupt(terminal, darkroom.kill);
    const failures: Failure[] = [];
    const runOne = async (index: number): Promise<void> => {
      const { set, error } = runs[index];
      const tell = (event: object): void =>
        terminal.out(jsonLine(several ? { run: index + 1, ...event } : event));
      const progress = values.quiet || values.json ? undefined : createProgress(terminal);
      if (several && progress) terminal.err(`run ${index + 1} of ${runs.length}\n`);
      told = false;
      try {
        if (error) throw error;
        const { outputs } = await darkroom.run(content, {
          set,
          dynamicSeed: seed + BigInt(index),
          partial: values.partial,
          signal: stop.signal,
          onEvent: (event) => {
            told ||= event.type === 'error';
            if (values.json) tell(event);
            progress?.show(event);
          },
        });
        progress?.end();
        if (!values.json)
          for (const ui of Object.values(outputs))
            for (const file of savedFiles(ui)) terminal.out(shortPath(file.path));
      } catch (thrown) {
        const failure = asDarkroomError(thrown);
        if (!several || failure.code === 'DR_INTERRUPTED') throw thrown;
        if (values.json && !told) tell({ type: 'error', error: failure });
        failures.push({ run: index + 1, line: runs[index].line, error: failure });
      } finally {
        progress?.end();
      }
    };
    let index = 0;
    try {
      for (; index < runs.length; index++) await runOne(index);
      return reportFailures(terminal, failures, runs.length);
    } catch (error) {
      if (several) reportFailures(terminal, failures, runs.length);
      if (several) terminal.err(`stopped at run ${index + 1} of ${runs.length}\n`);
      throw error;
    } finally {
      await darkroom.close();
      stop.release();
    }
  } catch (thrown) {
    const error = asDarkroomError(thrown);
    if (values.json && !told) terminal.out(jsonLine({ type: 'error', error }));
    report(terminal, error);
    return exitCodeOf(error);
  }
}

/** The first Ctrl-C (or SIGTERM) asks the engine to stop, the second ends it at once. */
function onInterrupt(
  terminal: Terminal,
  kill: () => void,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const hear = (): void => {
    if (controller.signal.aborted) {
      kill();
      return;
    }
    if (terminal.interactive)
      terminal.err('\r\x1b[2Kstopping after this evaluation; Ctrl-C again stops at once\n');
    controller.abort();
  };
  process.on('SIGINT', hear);
  process.on('SIGTERM', hear);
  const release = (): void => {
    process.off('SIGINT', hear);
    process.off('SIGTERM', hear);
  };
  return { signal: controller.signal, release };
}

const shortPath = (path: string): string => {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
};
