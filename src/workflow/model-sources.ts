// Where the model files of a workflow come from, as its nodes say: `properties.models` of ComfyUI's
// editor, which official templates have, and the list `models` of older ones.
import { fileHash, type ModelSource } from '../download/model-source.ts';
import { isJsonObject, type Json, type JsonObject } from '../formats/json.ts';
import { BYPASS, NEVER } from './ui/ui-graph.ts';

const UNUSED_MODES: ReadonlySet<unknown> = new Set([NEVER, BYPASS]);
const MAX_SOURCES = 1000;

/**
 * The sources that a workflow in UI format names, in the order of its nodes, those of subgraphs
 * last. Entries that are incomplete are left out, and so are nodes that do not run.
 */
export function modelSources(extra: Readonly<JsonObject>): ModelSource[] {
  const workflow = extra['workflow'];
  if (!isJsonObject(workflow)) return [];
  const definitions = isJsonObject(workflow['definitions']) ? workflow['definitions'] : {};
  const graphs = [workflow, ...listOf((definitions as JsonObject)['subgraphs'])];
  const nodes = graphs.flatMap((graph) => listOf(graph['nodes']));
  const entries = nodes
    .filter((node) => !UNUSED_MODES.has(node['mode']))
    .map((node) => node['properties'])
    .filter(isJsonObject)
    .concat(workflow)
    .flatMap((holder) => listOf(holder['models']));
  return entries.flatMap(sourceOf).slice(0, MAX_SOURCES);
}

const listOf = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

function sourceOf(entry: JsonObject): ModelSource[] {
  const { name, url, directory, hash, hash_type } = entry;
  if (typeof name !== 'string' || typeof url !== 'string' || typeof directory !== 'string')
    return [];
  return [{ name, url, folder: directory, hash: fileHash(hash, hash_type ?? undefined) }];
}
