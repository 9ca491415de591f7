// darkroom run FILE: runs a workflow and says where the pictures are.
import { relative } from 'node:path';
import { savedFiles } from '../engine/events.ts';
import { openDarkroom, type WorkflowSource } from '../engine/room.ts';
import { DarkroomError } from '../errors.ts';
import { parseOverrides } from '../workflow/overrides.ts';
import type { Command } from './command.ts';
import { roomOptions } from './options.ts';
import { createProgress } from './progress.ts';
import { asDarkroomError, exitCodeOf, report } from './report.ts';
import { jsonLine, type Terminal } from './terminal.ts';

export const runCommand: Command = {
  name: 'run',
  usage: 'run FILE',
  help: 'runs a workflow (API format; - reads standard input) and prints the paths of its pictures',
  options: ['set', 'models', 'input', 'output', 'temp', 'device', 'threads', 'json', 'quiet'],
  run: async ({ values, positionals, terminal, nodes }) => {
    let told = false;
    try {
      if (positionals.length !== 1)
        throw new DarkroomError('DR_BAD_USAGE', {
          message: positionals.length === 0 ? 'run needs a workflow file' : `run takes one workflow file, not ${positionals.length}`,
          hint: 'For example: darkroom run workflow.json --models path/to/ComfyUI/models',
        });
      const set = parseOverrides(values.set ?? []);
      const room = await openDarkroom({ ...roomOptions(values), nodes });
      const progress = values.quiet || values.json ? undefined : createProgress(terminal);
      const stop = onInterrupt(terminal, room.kill);
      try {
        const source = positionals[0] === '-' ? await standardInput() : positionals[0];
        const { outputs } = await room.run(source, {
          set,
          signal: stop.signal,
          onEvent: (event) => {
            told ||= event.type === 'error';
            if (values.json) terminal.out(jsonLine(event));
            progress?.show(event);
          },
        });
        progress?.end();
        if (!values.json) for (const ui of Object.values(outputs)) for (const file of savedFiles(ui)) terminal.out(shortPath(file.path));
        return 0;
      } finally {
        progress?.end();
        await room.close();
        stop.release();
      }
    } catch (thrown) {
      const error = asDarkroomError(thrown);
      if (values.json && !told) terminal.out(jsonLine({ type: 'error', error }));
      report(terminal, error);
      return exitCodeOf(error);
    }
  },
};

/** The first Ctrl-C (or SIGTERM) asks the engine to stop, the second ends it at once. */
function onInterrupt(terminal: Terminal, kill: () => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const hear = (): void => {
    if (controller.signal.aborted) {
      kill();
      return;
    }
    if (terminal.interactive) terminal.err('\r\x1b[2Kstopping after this evaluation; Ctrl-C again stops at once\n');
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

async function standardInput(): Promise<WorkflowSource> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const shortPath = (path: string): string => {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
};
