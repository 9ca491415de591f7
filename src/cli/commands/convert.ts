// darkroom convert FILE: converts a workflow to the API format or to a TypeScript program.

import { renameSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { didYouMean } from '../../near-matches.ts';
import { ownValue } from '../../own-value.ts';
import { pythonRandom } from '../../random/python-random.ts';
import { writeAtomic } from '../../storage/atomic-write.ts';
import { printGraph } from '../../workflow/export/print-api.ts';
import { toTypeScript } from '../../workflow/export/to-typescript.ts';
import type { NodeTable } from '../../workflow/node-table.ts';
import type { Workflow } from '../../workflow/read/read.ts';
import { writeHint } from '../../write-errors.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { nodeTable } from '../node-packs.ts';
import { dynamicSeed } from '../options.ts';
import { warnings } from '../terminal.ts';
import { openSource, readSource } from '../workflow-source.ts';

type Printer = (workflow: Workflow, nodes: NodeTable, name: string) => string;

const PRINTERS: Readonly<Record<string, Printer | undefined>> = {
  api: ({ graph }) => printGraph(graph),
  ts: ({ graph }, nodes, name) => toTypeScript(graph, nodes, { file: basename(name) }),
};

/** Runs the command; returns the exit code. */
export async function convertCommand(invocation: Invocation): Promise<number> {
  const { values, positionals, terminal } = invocation;
  if (positionals.length !== 1)
    throw badUsage(
      positionals.length === 0
        ? 'convert needs a workflow file'
        : `convert takes one workflow file, not ${positionals.length}`,
      'For example: darkroom convert image.png -o workflow.json',
    );
  const print = ownValue(PRINTERS, values.to ?? 'api');
  if (!print)
    throw badUsage(
      `unknown form '${values.to}'`,
      didYouMean(values.to ?? '', Object.keys(PRINTERS)) ||
        `The forms are ${Object.keys(PRINTERS).join(' and ')}.`,
    );
  const source = await openSource(positionals[0]);
  const options = {
    nodes: await nodeTable(invocation, warnings(terminal, values.quiet)),
    random: pythonRandom(dynamicSeed(values)).random,
  };
  const workflow = readSource(source, options);
  workflow.notes.forEach(warnings(terminal, values.quiet));
  const text = print(workflow, options.nodes, source.name);
  if (values.out === undefined) terminal.out(text.trimEnd());
  else write(values.out, text);
  return 0;
}

function write(file: string, text: string): void {
  try {
    writeAtomic(dirname(resolve(file)), basename(file), Buffer.from(text), (temporary) =>
      renameSync(temporary, file),
    );
  } catch (cause) {
    throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
      message: `${file} can't be written: ${(cause as Error).message}`,
      hint: writeHint(
        dirname(resolve(file)),
        cause,
        '--out',
        'Name a file in an existing folder that is writable.',
      ),
      file,
      cause,
    });
  }
}
