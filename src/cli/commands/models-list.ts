// darkroom models list: every model file with its size, kind and architecture; what is in the wrong
// folder, and what can't be used.
import { join } from 'node:path';
import type { DarkroomError } from '../../errors.ts';
import { formatSize } from '../../format-size.ts';
import { identifyListed, listedSize, MODEL_FOLDERS } from '../../models/inspect/model-listing.ts';
import type { Folders } from '../../storage/folders.ts';
import type { Invocation } from '../command.ts';
import { asDarkroomError } from '../error-report.ts';
import { coloured, jsonLine, printable, type Terminal } from '../terminal.ts';

interface ListedModel {
  readonly folder: string;
  readonly name: string;
  /** In bytes. */
  readonly size?: number;
  readonly kind?: string;
  readonly architecture?: string;
  /** Whether it is part of the package. */
  readonly embedded?: true;
  /** The folder that it belongs in, where that is another one. */
  readonly belongsIn?: string;
  /** Why it can't be used. */
  readonly error?: DarkroomError;
}

/** Lists the files; returns 1 if some can't be used from where they are, else 0. */
export async function listModels(
  { values, terminal }: Invocation,
  folders: Folders,
): Promise<number> {
  const listed: ListedModel[] = [];
  for (const folder of MODEL_FOLDERS)
    for (const name of folders.modelFiles(folder))
      listed.push(await describe(folders, folder, name));
  if (values.json) terminal.out(jsonLine(listed));
  else if (listed.length === 0)
    terminal.err('there are no model files; name the folder of your models with --models\n');
  else for (const model of listed) terminal.out(lineOf(terminal, model));
  const unusable = listed.filter(({ error, belongsIn }) => error ?? belongsIn).length;
  if (unusable === 0) return 0;
  const files = listed.length === 1 ? '1 file' : `${listed.length} files`;
  terminal.err(`${unusable} of ${files} can't be used\n`);
  return 1;
}

async function describe(folders: Folders, folder: string, name: string): Promise<ListedModel> {
  const size = listedSize(folders, { folder, name });
  const embedded = size === undefined ? true : undefined;
  try {
    return { folder, name, embedded, ...(await identifyListed(folders, { folder, name })) };
  } catch (thrown) {
    return { folder, name, size, embedded, error: asDarkroomError(thrown) };
  }
}

function lineOf(terminal: Terminal, model: ListedModel): string {
  const { folder, name, size, kind, architecture, embedded, belongsIn, error } = model;
  const what = error
    ? coloured(terminal, 31, printable(error.message))
    : [kind, architecture].filter(Boolean).join(', ');
  const origin = embedded ? ' (comes with Darkroom)' : '';
  const remark = belongsIn
    ? coloured(terminal, 31, `; it belongs in the folder '${belongsIn}'`)
    : '';
  const shownSize = size === undefined ? '' : formatSize(size);
  return `${shownSize.padStart(8)}  ${printable(join(folder, name))}: ${what}${origin}${remark}`;
}
