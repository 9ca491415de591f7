// What keeps a workflow from running here, for the page: everything that `darkroom check` finds,
// sorted by what can be done about it.
import type { CheckResult } from '../darkroom-types.ts';
import { refuseSource } from '../download/model-source.ts';
import type { DarkroomError } from '../errors.ts';
import type { JsonObject } from '../formats/json.ts';
import { withSlashes } from '../slashes.ts';
import type { Folders } from '../storage/folders.ts';
import { describeNode, type Graph } from '../workflow/api-graph.ts';
import { modelSources } from '../workflow/model-sources.ts';
import type { NodeTable } from '../workflow/node-table.ts';
import { preparePrompt } from '../workflow/prepare-prompt.ts';
import { readWorkflow } from '../workflow/read/read.ts';
import { LIST_NODES } from '../workflow/validate/issues.ts';
import type { CheckProblem, CheckResponse, MissingModelFile, MissingType } from './api-types.ts';
import { pngInfoIn } from './prompt-request.ts';

/** The maximum number of entries of each list; `more` counts the others. */
const MAX_ENTRIES = 200;

/**
 * Checks the prompt of a body of POST /prompt. Throws the errors of reading it; what is wrong with
 * it is the result.
 */
export async function checkReport(
  body: JsonObject,
  nodes: NodeTable,
  folders: Folders,
): Promise<CheckResponse> {
  const { checkWorkflow } = await import('../check-workflow.ts');
  const workflow = readWorkflow(body['prompt'] ?? null, 'the prompt', { nodes });
  const extra = { ...workflow.extra, ...pngInfoIn(body) };
  const prepared = preparePrompt(workflow.graph, extra, nodes, folders);
  const result = await checkWorkflow({ workflow, prepared, nodes, folders });
  return reportOf(result, workflow.graph, extra);
}

function reportOf(result: CheckResult, graph: Graph, extra: JsonObject): CheckResponse {
  const lists = {
    types: missingTypes(result),
    models: missingModels(result, extra),
    problems: otherProblems(result),
    notes: result.notes,
    leftOut: result.leftOut.map((id) => describeNode(id, graph.get(id))),
  };
  const more = Object.values(lists).reduce(
    (sum, { length }) => sum + Math.max(0, length - MAX_ENTRIES),
    0,
  );
  return {
    runnable: result.runnable,
    types: lists.types.slice(0, MAX_ENTRIES),
    models: lists.models.slice(0, MAX_ENTRIES),
    problems: lists.problems.slice(0, MAX_ENTRIES),
    notes: lists.notes.slice(0, MAX_ENTRIES),
    leftOut: lists.leftOut.slice(0, MAX_ENTRIES),
    more,
  };
}

function missingTypes({ nodes, errors }: CheckResult): MissingType[] {
  const hints = new Map(errors.map(({ nodeType, hint }) => [nodeType, hint]));
  return nodes.map(({ type, pack, reason, nodeIds }) => ({
    type,
    pack,
    reason,
    // the page's readers have no command line
    hint: (hints.get(type) ?? '').replace(LIST_NODES, '').trim(),
    count: nodeIds.length,
  }));
}

function missingModels({ models }: CheckResult, extra: JsonObject): MissingModelFile[] {
  const sources = modelSources(extra).filter((source) => !refuseSource(source));
  const urls = new Map(sources.map(({ name, url }) => [withSlashes(name), url]));
  return models.map(({ file, folder, near }) => ({
    file,
    folder,
    near,
    url: urls.get(withSlashes(file)),
  }));
}

/** The errors that are in no other list. */
function otherProblems({ errors, missingNodes, models }: CheckResult): CheckProblem[] {
  const types = new Set(missingNodes);
  const files = new Set(models.map(({ file }) => file));
  const isListed = ({ code, nodeType, file }: DarkroomError): boolean =>
    (nodeType !== undefined && types.has(nodeType)) ||
    (code === 'DR_MODEL_MISSING' && file !== undefined && files.has(file));
  return errors
    .filter((error) => !isListed(error))
    .map(({ message, hint, nodeId, input }) => ({ message, hint, id: nodeId, input }));
}
