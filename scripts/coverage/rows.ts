// What of a workflow file works: whether it converts and validates, and what its two forms say.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { DarkroomError } from '../../src/errors.ts';
import { dumpsJson } from '../../src/formats/dumps-json.ts';
import { isJsonObject } from '../../src/formats/json.ts';
import { parseJson } from '../../src/formats/parse-json.ts';
import { readImageTexts } from '../../src/image/codec/image-text.ts';
import type { NodeEnvironment } from '../../src/nodes/context.ts';
import { NODES } from '../../src/nodes/index.ts';
import { apiGraphOf, type Graph } from '../../src/workflow/api-graph.ts';
import { readWorkflowBytes, type Workflow } from '../../src/workflow/read/read.ts';
import { findProblems, type MissingNode } from '../../src/workflow/validate/find-problems.ts';
import { compareForms, type Difference } from './compare-forms.ts';
import { type FileEvidence, fileEvidence } from './edited-since.ts';
import { familyTitle, foreignModels } from './families.ts';
import { NOT_TRIED, openSmallDarkroom } from './small-runs.ts';
import { claimsWorkflow } from './workflow-files.ts';

/** The result for one file. */
export interface Row {
  /** `owner/name` of the repository. */
  readonly folder: string;
  /** Relative to the folder. */
  readonly file: string;
  readonly path: string;
  readonly form: string;
  readonly nodes: number;
  /** Of the graph. */
  readonly hash: string;
  /** Title of the family of its models. */
  readonly family: string;
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
export function rowOf(folder: string, path: string): Row | undefined {
  const bytes = readFileSync(path);
  if (!claimsWorkflow(bytes)) return undefined;
  const file = relative(folder, path);
  const own = { folder: resolve(folder).split(sep).slice(-2).join('/'), file, path };
  try {
    return { ...own, ...resultOf(bytes, file, dirname(path)) };
  } catch (error) {
    if (!(error instanceof DarkroomError))
      throw new Error(`${path}: no Darkroom error`, { cause: error });
    const nothing = { form: '?', nodes: 0, family: '?', missing: [], problems: [], partly: false };
    return { ...own, ...nothing, hash: file, failure: error.message };
  }
}

function resultOf(
  bytes: Buffer,
  file: string,
  folder: string,
): Omit<Row, 'folder' | 'file' | 'path'> {
  const read = (prefer: 'API' | 'UI'): Workflow =>
    readWorkflowBytes(bytes, file, { prefer }, folder);
  const { graph, form, imageFormat: format, notes } = read('UI');
  const texts = format ? readImageTexts(bytes, file) : {};
  const both = Object.hasOwn(texts, 'prompt') && Object.hasOwn(texts, 'workflow');
  const sent = both ? read('API') : undefined;
  const isSent = sent?.form === 'API';
  const { nodes: missing, problems, validation } = findProblems(graph, NODES, everythingIn(graph));
  const ids = new Set(missing.map((node) => node.type));
  const foreign = foreignModels(graph, NODES);
  return {
    form: `${isSent ? 'UI + API' : form}${format ? ` in ${format}` : ''}`,
    nodes: graph.size,
    hash: createHash('sha256')
      .update(dumpsJson(apiGraphOf(graph)))
      .digest('hex'),
    family: familyTitle(graph, NODES),
    missing,
    problems: [
      ...problems.filter((p) => !ids.has(p.nodeType ?? '')).map((p) => p.message),
      ...foreign,
    ],
    partly: validation.error === null && foreign.length === 0,
    differences: isSent
      ? compareForms(sent.graph, graph, NODES, notes, evidenceIn(texts))
      : undefined,
  };
}

export const converts = (row: Row): boolean => row.failure === undefined;
export const isComplete = (row: Row): boolean => converts(row) && row.missing.length === 0;
export const isValid = (row: Row): boolean => row.problems.length === 0;
export const wasTried = ({ runs = NOT_TRIED }: Row): boolean => !runs.startsWith(NOT_TRIED);
export const doesRun = ({ runs }: Row): boolean => runs === 'yes' || runs === 'in part';

/**
 * Runs the complete files with small models; files with the same graph once. Results that `done`
 * has by graph are kept; `after` is called after each file.
 */
export async function runRows(
  rows: readonly Row[],
  done: Map<string, string>,
  after: (row: Row) => void,
): Promise<void> {
  const darkroom = await openSmallDarkroom();
  try {
    for (const row of rows.filter(isComplete)) {
      const read = (): Graph =>
        readWorkflowBytes(readFileSync(row.path), row.file, { prefer: 'UI' }, dirname(row.path))
          .graph;
      row.runs = done.get(row.hash) ?? (await darkroom.run(read()));
      done.set(row.hash, row.runs);
      after(row);
    }
  } finally {
    await darkroom.close();
  }
}
