// npx tsx scripts/coverage.ts [--runs RESULTS.json] FOLDER… : reads every workflow file in the
// folders and writes docs/coverage.md, which says what of each works; with --runs, those whose
// nodes are all built in are run with small models, except those with a result in that file. The
// folders are checkouts of public repositories, OWNER/NAME; only names of files and node types are
// copied.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DarkroomError } from '../src/errors.ts';
import { dumpsJson } from '../src/formats/dumps-json.ts';
import { isJsonObject } from '../src/formats/json.ts';
import { parseJson } from '../src/formats/parse-json.ts';
import { imageFormat, readImageTexts } from '../src/image/codec/image-text.ts';
import type { NodeEnvironment } from '../src/nodes/context.ts';
import { NODES } from '../src/nodes/index.ts';
import { apiGraphOf, type Graph } from '../src/workflow/api-graph.ts';
import { readWorkflowBytes, type Workflow } from '../src/workflow/read/read.ts';
import { findProblems } from '../src/workflow/validate/find-problems.ts';
import { compareForms } from './compare-forms.ts';
import { coveragePage, type Row } from './coverage-page.ts';
import { type FileEvidence, fileEvidence } from './edited-since.ts';
import { foreignModels } from './foreign-models.ts';
import { openSmallDarkroom } from './small-runs.ts';

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

const CLAIM = /"class_type"|"last_node_id"/;

/**
 * Whether a file claims to contain a workflow: nodes with class type and inputs, the lists of the
 * editor, or their words in a picture. It is decided without the readers that are measured.
 */
function claimsWorkflow(bytes: Buffer): boolean {
  const stored = bytes.toString('latin1');
  if (imageFormat(bytes))
    return CLAIM.test(stored) || Object.values(textsIn(bytes)).some((text) => CLAIM.test(text));
  try {
    return hasWorkflow(JSON.parse(bytes.toString('utf8')));
  } catch {
    return CLAIM.test(stored);
  }
}

const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

function hasWorkflow(json: unknown): boolean {
  if (Array.isArray(json))
    return json.some((item) => !hasKeys(item, 'class_type') && hasWorkflow(item));
  if (!isObject(json)) return false;
  if (hasKeys(json, 'nodes', 'links')) return [json['nodes']].flat().every(isObject);
  const values = Object.values(json);
  return values.some((value) => hasKeys(value, 'class_type', 'inputs')) || values.some(hasWorkflow);
}

const hasKeys = (json: unknown, ...keys: readonly string[]): boolean =>
  isObject(json) && keys.every((key) => Object.hasOwn(json, key));

/** The texts of a picture, also of compressed chunks. */
function textsIn(bytes: Buffer): Record<string, string> {
  try {
    return readImageTexts(bytes, 'the picture');
  } catch {
    return {};
  }
}

/** What the UI form of a picture says itself. */
function evidenceIn(texts: Readonly<Record<string, string>>): FileEvidence | undefined {
  try {
    const json = parseJson(texts['workflow']);
    return isJsonObject(json) ? fileEvidence(json) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the result for a file; undefined when it contains no workflow. */
function rowOf(folder: string, path: string): Row | undefined {
  const bytes = readFileSync(path);
  if (!claimsWorkflow(bytes)) return undefined;
  const file = relative(folder, path);
  const own = { folder: resolve(folder).split(sep).slice(-2).join('/'), file, path };
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
        ? compareForms(sent.graph, workflow.graph, NODES, workflow.notes, evidenceIn(texts))
        : undefined,
    };
  } catch (error) {
    if (!(error instanceof DarkroomError))
      throw new Error(`${path}: no Darkroom error`, { cause: error });
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

/** The results of earlier runs by graph, so that a run that was stopped can be continued. */
function readRuns(file: string): Map<string, string> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8'))));
  } catch {
    return new Map();
  }
}

/** Runs the complete files with small models; files with the same graph once. */
async function runSmall(rows: readonly Row[], file: string): Promise<void> {
  const done = readRuns(file);
  const darkroom = await openSmallDarkroom();
  for (const row of rows.filter((r) => r.failure === undefined && r.missing.length === 0)) {
    const { graph } = readWorkflowBytes(
      readFileSync(row.path),
      row.file,
      { prefer: 'UI' },
      dirname(row.path),
    );
    row.runs = done.get(row.hash) ?? (await darkroom.run(graph));
    done.set(row.hash, row.runs);
    writeFileSync(file, JSON.stringify(Object.fromEntries(done), null, 1));
    console.log(`${row.folder}/${row.file}: ${row.runs}`);
  }
  await darkroom.close();
}

const { values, positionals: folders } = parseArgs({
  options: { runs: { type: 'string' } },
  allowPositionals: true,
});
if (folders.length === 0)
  throw new Error('usage: npx tsx scripts/coverage.ts [--runs RESULTS.json] FOLDER…');
const rows: Row[] = [];
const empty = new Map<string, number>();
for (const folder of folders)
  for (const path of filesIn(folder)) {
    const row = rowOf(folder, path);
    if (row) rows.push(row);
    else empty.set(folder, (empty.get(folder) ?? 0) + 1);
  }
if (values.runs !== undefined) await runSmall(rows, values.runs);
writeFileSync(OUT, coveragePage(rows, empty));
console.log(
  `${rows.length} files with a workflow; ` +
    `${rows.filter((row) => row.missing.length === 0 && row.failure === undefined).length} need ` +
    'no missing node',
);
