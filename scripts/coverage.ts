// npx tsx scripts/coverage.ts [--run] FOLDER… : reads every workflow file in the folders and writes
// docs/coverage.md, which says what of each works; with --run, those whose nodes are all built in
// are run with small models. The folders are checkouts of public repositories; only names of files
// and node types are copied.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DarkroomError } from '../src/errors.ts';
import { dumpsJson } from '../src/formats/dumps-json.ts';
import { imageFormat, readImageTexts } from '../src/image/codec/image-text.ts';
import type { NodeEnvironment } from '../src/nodes/context.ts';
import { NODES } from '../src/nodes/index.ts';
import { apiGraphOf, type Graph } from '../src/workflow/api-graph.ts';
import { readWorkflowBytes, type Workflow } from '../src/workflow/read/read.ts';
import { findProblems, type MissingNode } from '../src/workflow/validate/find-problems.ts';
import { compareForms, type Difference } from './compare-forms.ts';
import { foreignModels } from './foreign-models.ts';
import { openSmallDarkroom } from './small-runs.ts';

interface Row {
  readonly folder: string;
  readonly file: string;
  readonly path: string;
  readonly form: string;
  readonly nodes: number;
  readonly hash: string;
  /** Why it could not be converted. */
  readonly failure?: string;
  readonly missing: readonly MissingNode[];
  readonly problems: readonly string[];
  /** Some of its outputs can run; ComfyUI runs those. */
  readonly partly: boolean;
  /** With small models: `yes`, or why not. */
  runs?: string;
  /** Differences in images with both forms; undefined for other files. */
  readonly differences?: readonly Difference[];
}

const OUT = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'coverage.md');

/** Treats every file that a workflow names as present: node types, links and values are checked. */
function everythingIn(graph: Graph): NodeEnvironment {
  const names = [...graph.values()].flatMap(({ inputs }) =>
    Object.values(inputs).filter((value) => typeof value === 'string'),
  );
  return {
    modelFiles: () => names,
    inputFiles: () => names,
    hasInput: () => true,
    wildcards: () => new Map(),
  };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : filesIn(path);
      return /\.(json|png|webp|jpe?g)$/i.test(entry.name) && !entry.name.endsWith('.component.json')
        ? [path]
        : [];
    })
    .sort();
}

const NOT_ONE = /without a workflow|not an object|which is not a node|without 'inputs'/;

/** Returns the result for a file; undefined when it contains no workflow. */
function rowOf(folder: string, path: string): Row | undefined {
  const bytes = readFileSync(path);
  const file = relative(folder, path);
  const own = { folder: basename(resolve(folder)), file, path };
  const read = (prefer: 'API' | 'UI'): Workflow =>
    readWorkflowBytes(bytes, file, { prefer }, dirname(path));
  try {
    const workflow = read('UI');
    const texts = imageFormat(bytes) ? readImageTexts(bytes, file) : {};
    const both = Object.hasOwn(texts, 'prompt') && Object.hasOwn(texts, 'workflow');
    const sent = both ? read('API') : undefined;
    const isSent = sent?.form === 'API';
    const {
      nodes: missing,
      problems,
      validation,
    } = findProblems(workflow.graph, NODES, everythingIn(workflow.graph));
    const ids = new Set(missing.map((node) => node.type));
    const foreign = foreignModels(workflow.graph, NODES);
    return {
      ...own,
      form: `${isSent ? 'UI + API' : workflow.form}${workflow.imageFormat ? ` in ${workflow.imageFormat}` : ''}`,
      nodes: workflow.graph.size,
      hash: createHash('sha256')
        .update(dumpsJson(apiGraphOf(workflow.graph)))
        .digest('hex'),
      missing,
      problems: [
        ...problems.filter((p) => !ids.has(p.nodeType ?? '')).map((p) => p.message),
        ...foreign,
      ],
      partly: validation.error === null && foreign.length === 0,
      differences: isSent
        ? compareForms(sent.graph, workflow.graph, NODES, workflow.notes)
        : undefined,
    };
  } catch (error) {
    if (!(error instanceof DarkroomError))
      throw new Error(`${path}: no Darkroom error`, { cause: error });
    if (NOT_ONE.test(error.message)) return undefined;
    return {
      ...own,
      form: '?',
      nodes: 0,
      hash: file,
      failure: error.message,
      missing: [],
      problems: [],
      partly: false,
    };
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
const share = (part: number, whole: number): string =>
  `${part} of ${whole}${whole > 0 ? ` (${Math.round((100 * part) / whole)} %)` : ''}`;
const isSame = (row: Row): boolean => row.differences?.every((d) => d.expected) ?? true;

function page(rows: readonly Row[], empty: ReadonlyMap<string, number>): string {
  const converted = rows.filter((row) => row.failure === undefined);
  const complete = converted.filter((row) => row.missing.length === 0);
  const both = converted.filter((row) => row.differences);
  const known = [...empty.values()].reduce((a, b) => a + b, 0);
  const wanted = new Map<string, { pack?: string; reason?: string; files: number; last: number }>();
  for (const { missing } of converted)
    for (const { type, pack, reason } of missing) {
      const entry = wanted.get(type) ?? { pack, reason, files: 0, last: 0 };
      entry.files++;
      if (missing.length === 1) entry.last++;
      wanted.set(type, entry);
    }
  const packs = new Map<string, { types: number; files: Set<string> }>();
  for (const row of converted)
    for (const { pack = 'unknown' } of row.missing) {
      const entry = packs.get(pack) ?? { types: 0, files: new Set<string>() };
      entry.files.add(`${row.folder}/${row.file}`);
      packs.set(pack, entry);
    }
  for (const { pack = 'unknown' } of wanted.values()) packs.get(pack)!.types++;
  const odd = both.filter((row) => !isSame(row));
  const kinds = new Map<string, number>();
  for (const { differences = [] } of both)
    for (const { expected } of differences)
      if (expected) kinds.set(expected, (kinds.get(expected) ?? 0) + 1);

  return `${[
    '# Workflow files of public repositories',
    '',
    'Written by `npx tsx scripts/coverage.ts FOLDER…` from checkouts of the repositories ' +
      'below; their files are not part of this project.',
    'A file **converts** when it becomes an API graph, and **validates** when nothing but ' +
      'model files and pictures could keep it from running:',
    'every node type is built in, every link fits, every value is allowed, and no model file is ' +
      'named like one of a family that is not run.',
    'Model files and input pictures are taken to be there.',
    '*In part*: the fault is in the file, and some of its outputs run all the same, in ComfyUI ' +
      'as here.',
    'A file **runs** when it does with small random models of the right kind, sides an eighth ' +
      'as long and a fifth of the steps: all its nodes work together.',
    `Files without a workflow (${known} pictures and other JSON files) are not counted, nor ` +
      'are files that a shallow checkout lacks.',
    '',
    '| | files |',
    '|---|---|',
    `| with a workflow | ${rows.length} |`,
    `| different ones (by graph) | ${new Set(rows.map((row) => row.hash)).size} |`,
    `| convert | ${share(converted.length, rows.length)} |`,
    `| every node type is built in | ${share(complete.length, rows.length)} |`,
    '| of these validate | ' +
      `${share(complete.filter((row) => row.problems.length === 0).length, complete.length)} |`,
    ...(complete.some((row) => row.runs)
      ? [
          '| of these run, all of them or in part | ' +
            `${share(complete.filter((row) => row.runs === 'yes' || row.runs === 'in part').length, complete.length)} ` +
            '|',
        ]
      : []),
    '| hold both forms, and ours of the UI form is what was sent | ' +
      `${share(both.length - odd.length, both.length)} |`,
    '',
    '## Both forms',
    '',
    'Differences that are expected, and mean the same picture:',
    `- *editor only* (${kinds.get('editor only') ?? 0} inputs): older editors sent the upload button along (\`"choose file to upload": "image"\`), and inputs that nodes no longer have.`,
    `- *newer input* (${kinds.get('newer input') ?? 0} inputs): the node got the input later; ` +
      `a file from before has no value, and today's editor fills in the default, as we do.`,
    `- *matched* (${kinds.get('matched') ?? 0} inputs): another version of the node saved the ` +
      'file. Read one after the other its values would land in wrong inputs; we match them by ' +
      'what fits, and say so.',
    '- Group nodes: one that was made in the session of the picture kept the ids of its nodes ' +
      'until the file was loaded again; they are compared by type.',
    '',
    ...(odd.length === 0 ? [] : ['Others:', '']),
    ...odd.map(
      (row) =>
        `- ${row.folder}/${row.file}: ${cell(
          row
            .differences!.filter((d) => !d.expected)
            .map((d) => `${d.nodeId} ${d.text}`)
            .slice(0, 4)
            .join('; '),
        )}`,
    ),
    '',
    '## Files',
    '',
    ...[...new Set(rows.map((row) => row.folder))].flatMap((folder) => [
      `### ${folder}`,
      '',
      '| file | form | nodes | converts | validates | runs | missing node types |',
      '|---|---|---|---|---|---|---|',
      ...rows.filter((row) => row.folder === folder).map(line),
      '',
    ]),
    '## Missing node types by pack',
    '',
    '| pack | types | files |',
    '|---|---|---|',
    ...[...packs]
      .sort(([, a], [, b]) => b.files.size - a.files.size)
      .map(([pack, { types, files }]) => `| ${cell(pack)} | ${types} | ${files.size} |`),
    '',
    '## The most wanted missing node types',
    '',
    'Files that need the type, and files that need nothing else.',
    '',
    '| node type | pack | files | nothing else |',
    '|---|---|---|---|',
    ...[...wanted]
      .sort(([a, x], [b, y]) => y.files - x.files || y.last - x.last || (a < b ? -1 : 1))
      .map(
        ([type, { pack = '', reason, files, last }]) =>
          `| \`${cell(type)}\` | ${cell(pack)}${reason ? ' (left out)' : ''} | ${files} | ${last || ''} |`,
      ),
  ].join('\n')}\n`;
}

function line(row: Row): string {
  const validates =
    row.failure !== undefined || row.missing.length > 0
      ? ''
      : row.problems.length === 0
        ? 'yes'
        : `${row.partly ? 'in part' : 'no'}: ${row.problems.slice(0, 2).join('; ')}`;
  const missing = row.missing.map(({ type }) => `\`${type}\``).join(', ');
  return `| ${cell(row.file)} | ${row.form} | ${row.nodes} | ${row.failure === undefined ? 'yes' : cell(`no: ${row.failure}`)} | ${cell(validates)} | ${cell(row.runs ?? '')} | ${cell(missing)} |`;
}

const folders = process.argv.slice(2).filter((argument) => argument !== '--run');
if (folders.length === 0) throw new Error('usage: npx tsx scripts/coverage.ts [--run] FOLDER…');
const rows: Row[] = [];
const empty = new Map<string, number>();
for (const folder of folders)
  for (const path of filesIn(folder)) {
    const row = rowOf(folder, path);
    if (row) rows.push(row);
    else empty.set(folder, (empty.get(folder) ?? 0) + 1);
  }
if (process.argv.includes('--run')) {
  const darkroom = await openSmallDarkroom();
  const done = new Map<string, string>();
  for (const row of rows.filter((r) => r.failure === undefined && r.missing.length === 0)) {
    row.runs =
      done.get(row.hash) ??
      (await darkroom.run(
        readWorkflowBytes(readFileSync(row.path), row.file, { prefer: 'UI' }, dirname(row.path))
          .graph,
      ));
    done.set(row.hash, row.runs);
    console.log(`${row.folder}/${row.file}: ${row.runs}`);
  }
  await darkroom.close();
}
writeFileSync(OUT, page(rows, empty));
console.log(
  `${rows.length} files with a workflow; ` +
    `${rows.filter((row) => row.missing.length === 0 && row.failure === undefined).length} need ` +
    'no missing node',
);
