// darkroom models list | inspect FILE…: lists model files, and shows what a file contains.
import { basename, join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { formatSize } from '../../format-size.ts';
import { inspectModel, type ModelReport } from '../../models/inspect/inspect-model.ts';
import { MODEL_FOLDERS } from '../../models/inspect/model-listing.ts';
import { didYouMean } from '../../near-matches.ts';
import { contentHash } from '../../storage/cache/content-hash.ts';
import { openEmbeddedModels } from '../../storage/embedded-models.ts';
import { statOf } from '../../storage/folder-paths.ts';
import { type Folders, openFolders } from '../../storage/folders.ts';
import { modelRoots } from '../../storage/model-roots.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { asDarkroomError, exitCodeOf, report } from '../error-report.ts';
import { modelEntries } from '../options.ts';
import { createStatusLine } from '../status-line.ts';
import { jsonLine, printable, type Terminal, warnings } from '../terminal.ts';
import { getModels } from './models-get.ts';
import { listModels } from './models-list.ts';

/** Files of at least this many bytes have a progress line while they are hashed. */
const LARGE = 5e8;
/** Longest metadata value that is printed, in characters. */
const MAX_SHOWN = 200;

/** Runs the command; returns the exit code. */
export async function modelsCommand(invocation: Invocation): Promise<number> {
  const [action, ...names] = invocation.positionals;
  const folders = openFolders({
    models: modelRoots(modelEntries(invocation.values)),
    embedded: openEmbeddedModels(),
    onUnreadable: warnings(invocation.terminal),
  });
  if (action === 'list' && names.length === 0) return listModels(invocation, folders);
  if (action === 'inspect' && names.length > 0) return inspectFiles(invocation, folders, names);
  if (action === 'get' && names.length > 0) return getModels(invocation, folders, names);
  throw badUsage(
    action === 'inspect'
      ? 'models inspect needs a file'
      : action === 'get'
        ? 'models get needs a workflow or an address'
        : 'models needs an action: list, inspect FILE or get WORKFLOW',
    'For example: darkroom models inspect models/checkpoints/model.safetensors',
  );
}

async function inspectFiles(
  { values, terminal }: Invocation,
  folders: Folders,
  names: readonly string[],
): Promise<number> {
  const reports: (ModelReport & { readonly sha256?: string })[] = [];
  let worst = 0;
  for (const name of names) {
    try {
      const file = locate(folders, name);
      const found = await inspectModel(file);
      reports.push({
        ...found,
        ...(!values['no-hash'] && { sha256: await hashOf(terminal, file, found.size) }),
      });
      if (!values.json) print(terminal, reports.at(-1)!, reports.length > 1);
    } catch (thrown) {
      const error = asDarkroomError(thrown);
      if (names.length === 1) throw error;
      report(terminal, error);
      worst = Math.max(worst, exitCodeOf(error));
    }
  }
  if (values.json) terminal.out(jsonLine(names.length === 1 ? reports[0] : reports));
  return worst;
}

/** A path, or a name in one of the models folders. Throws DR_FILE_MISSING. */
function locate(folders: Folders, name: string): string {
  if (statOf(name)) return name;
  const all = MODEL_FOLDERS.flatMap((folder) =>
    folders.modelFiles(folder).map((file) => ({ folder, file })),
  );
  const found = all.find(
    ({ folder, file }) => file === name || join(folder, file) === name || basename(file) === name,
  );
  if (found) return folders.modelPath(found.folder, found.file);
  throw new DarkroomError('DR_FILE_MISSING', {
    message: `there is no file or model '${name}'`,
    hint:
      didYouMean(
        name,
        all.map(({ file }) => file),
      ) || 'Run darkroom models list to list the models.',
    file: name,
  });
}

/** SHA-256 of a file, with a progress line for large files on a terminal. */
async function hashOf(terminal: Terminal, file: string, size: number): Promise<string> {
  const showsProgress = terminal.interactive && size >= LARGE;
  const line = createStatusLine(terminal);
  let shown = -1;
  const hash = await contentHash(file, join(cacheFolder(), 'hashes'), (done) => {
    const percent = Math.floor((100 * done) / size);
    if (showsProgress && percent > shown)
      line.draw(`hashing ${printable(basename(file))}: ${percent} %`);
    shown = percent;
  });
  line.clear();
  return hash;
}

/** Metadata about the origin, the purpose and the licence of a model. */
const SHOWN_METADATA = new RegExp(
  '^(modelspec\\.(?!thumbnail)|licen[cs]e|author|title|description|' +
    'ss_(base_model_version|sd_model_name|network_module|output_name))',
);

function print(
  terminal: Terminal,
  found: ModelReport & { readonly sha256?: string },
  withBlankLine: boolean,
): void {
  const rows: [string, string][] = [
    ['kind', found.kind],
    ['architecture', found.architecture],
    ['format', found.format],
    ['size', formatSize(found.size)],
    [
      'precision',
      found.precisions.map(({ dtype, numbers }) => `${dtype} (${millions(numbers)})`).join(', '),
    ],
    ['parts', found.parts.map(({ name, memory }) => `${name} (${formatSize(memory)})`).join(', ')],
    [
      'memory',
      found.memory > 0
        ? `${formatSize(found.memory)} of weights in float32, which stay in the file where they ` +
          `are many; at least ${formatSize(found.loadPeak)} to load the largest part`
        : '',
    ],
    ['licence', licenceOf(found.metadata)],
    ['sha256', found.sha256 ?? ''],
  ];
  if (withBlankLine) terminal.out('');
  terminal.out(printable(found.file));
  for (const [name, value] of rows)
    if (value) terminal.out(`  ${`${name}:`.padEnd(14)}${printable(value)}`);
  const metadata = Object.entries(found.metadata);
  for (const [key, value] of metadata)
    if (SHOWN_METADATA.test(key))
      terminal.out(`  ${printable(key)}: ${printable(shortened(value))}`);
  const others = metadata.filter(([key]) => !SHOWN_METADATA.test(key)).length;
  if (others > 0) terminal.out(`  and ${others} more metadata entries, which --json shows`);
}

const licenceOf = (metadata: ModelReport['metadata']): string =>
  metadata['modelspec.license'] ?? metadata.license ?? metadata.licence ?? 'not stated in the file';

const millions = (numbers: number): string =>
  numbers >= 1e5 ? `${(numbers / 1e6).toFixed(1)} M numbers` : `${numbers} numbers`;

const shortened = (text: string): string =>
  text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
