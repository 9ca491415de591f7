// darkroom models list | inspect FILE…: the model files that are there, and what a file is.
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { formatSize } from '../../format-size.ts';
import {
  identifyModel,
  inspectModel,
  type ModelReport,
} from '../../models/inspect/inspect-model.ts';
import { didYouMean } from '../../near-matches.ts';
import { contentHash } from '../../storage/content-hash.ts';
import { openEmbeddedModels } from '../../storage/embedded-models.ts';
import { type Folders, modelRoots, openFolders } from '../../storage/folders.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import type { Invocation } from '../command.ts';
import { asDarkroomError, exitCodeOf, report } from '../error-report.ts';
import { coloured, jsonLine, printable, type Terminal } from '../terminal.ts';

/** The kinds of folders, as ComfyUI and the packs name them. */
const KINDS = [
  ...[
    'checkpoints',
    'diffusion_models',
    'text_encoders',
    'vae',
    'vae_approx',
    'loras',
    'controlnet',
    'clip_vision',
    'embeddings',
  ],
  ...['hypernetworks', 'upscale_models', 'ultralytics', 'sams', 'onnx', 'clipseg'],
];
/** Smaller files are hashed before a person could read that they are. */
const LARGE = 5e8;
const LONGEST = 200;

/** Runs the command; gives the exit code, or throws what is to be reported. */
export async function modelsCommand(invocation: Invocation): Promise<number> {
  const [what, ...names] = invocation.positionals;
  const folders = openFolders({
    models: modelRoots(invocation.values.models),
    embedded: openEmbeddedModels(),
  });
  if (what === 'list' && names.length === 0) return list(invocation, folders);
  if (what === 'inspect' && names.length > 0) return inspectAll(invocation, folders, names);
  throw new DarkroomError('DR_BAD_USAGE', {
    message:
      what === 'inspect'
        ? 'models inspect needs a file'
        : 'models knows two things to do: list and inspect FILE',
    hint: 'For example: darkroom models inspect models/checkpoints/model.safetensors',
  });
}

async function list({ values, terminal }: Invocation, folders: Folders): Promise<number> {
  const found = KINDS.flatMap((folder) =>
    folders
      .modelFiles(folder)
      .map((name) => ({ folder, name, path: pathOf(folders, folder, name) })),
  );
  const listed = [];
  for (const { folder, name, path } of found) {
    const size = path === undefined ? undefined : statSync(path).size;
    listed.push({
      folder,
      name,
      size,
      ...(path === undefined
        ? { kind: 'comes with Darkroom', architecture: '' }
        : await nature(path)),
    });
  }
  if (values.json) terminal.out(jsonLine(listed));
  else if (listed.length === 0)
    terminal.err('there are no model files; name the folder of your models with --models\n');
  else
    for (const { folder, name, size, ...of } of listed)
      terminal.out(line(terminal, folder, name, size, of));
  return 0;
}

type Nature = Pick<ModelReport, 'kind' | 'architecture'> | { readonly error: DarkroomError };

async function nature(path: string): Promise<Nature> {
  try {
    return await identifyModel(path);
  } catch (error) {
    return { error: asDarkroomError(error) };
  }
}

function line(
  terminal: Terminal,
  folder: string,
  name: string,
  size: number | undefined,
  of: Nature,
): string {
  const what =
    'error' in of
      ? coloured(terminal, 31, printable(of.error.message))
      : [of.kind, of.architecture].filter(Boolean).join(', ');
  return `${(size === undefined ? '' : formatSize(size)).padStart(8)}  ${printable(join(folder, name))}: ${what}`;
}

/** Where a listed file lies; those inside the package lie nowhere until they are used. */
const pathOf = (folders: Folders, folder: string, name: string): string | undefined =>
  folders
    .modelFolders(folder)
    .map((dir) => join(dir, name))
    .find((path) => existsSync(path));

async function inspectAll(
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
  if (existsSync(name)) return name;
  const all = KINDS.flatMap((folder) =>
    folders.modelFiles(folder).map((known) => ({ folder, known })),
  );
  const found = all.find(
    ({ folder, known }) =>
      known === name || join(folder, known) === name || basename(known) === name,
  );
  if (found) return folders.modelPath(found.folder, found.known);
  throw new DarkroomError('DR_FILE_MISSING', {
    message: `there is no file '${name}', and no model of that name`,
    hint:
      didYouMean(
        name,
        all.map(({ known }) => known),
      ) || '`darkroom models list` lists those that are there.',
    file: name,
  });
}

/** With a line of progress for large files, where a person watches. */
async function hashOf(terminal: Terminal, file: string, size: number): Promise<string> {
  const told = terminal.interactive && size >= LARGE;
  let shown = -1;
  const hash = await contentHash(file, join(cacheFolder(), 'hashes'), (done) => {
    const percent = Math.floor((100 * done) / size);
    if (told && percent > shown)
      terminal.err(`\r\x1b[2Khashing ${printable(basename(file))}: ${percent} %`);
    shown = percent;
  });
  if (told && shown >= 0) terminal.err('\r\x1b[2K');
  return hash;
}

/** Metadata that says what one may do with a model, and what it is. */
const TOLD =
  /^(modelspec\.(?!thumbnail)|license|licence|author|title|description|ss_(base_model_version|sd_model_name|network_module|output_name))/;

function print(
  terminal: Terminal,
  found: ModelReport & { readonly sha256?: string },
  further: boolean,
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
        ? `${formatSize(found.memory)} with all parts open; at least ${formatSize(found.loadPeak)} to load the largest`
        : '',
    ],
    ['licence', licenceOf(found.metadata)],
    ['sha256', found.sha256 ?? ''],
  ];
  if (further) terminal.out('');
  terminal.out(printable(found.file));
  for (const [name, value] of rows)
    if (value) terminal.out(`  ${`${name}:`.padEnd(14)}${printable(value)}`);
  const metadata = Object.entries(found.metadata);
  for (const [key, value] of metadata)
    if (TOLD.test(key)) terminal.out(`  ${printable(key)}: ${printable(shortened(value))}`);
  const others = metadata.filter(([key]) => !TOLD.test(key)).length;
  if (others > 0) terminal.out(`  and ${others} more entries of metadata, which --json shows`);
}

const licenceOf = (metadata: ModelReport['metadata']): string =>
  metadata['modelspec.license'] ?? metadata.license ?? metadata.licence ?? 'not said in the file';

const millions = (numbers: number): string =>
  numbers >= 1e5 ? `${(numbers / 1e6).toFixed(1)} M numbers` : `${numbers} numbers`;

const shortened = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
