// Finds the workflow in JSON that contains one: what ComfyUI's editor, queue and history contain,
// the bodies of requests to ComfyUI and to services that run workflows, and texts with JSON.
import { dumpsJson } from '../../formats/dumps-json.ts';
import { entriesOf, isJsonObject, type Json, type JsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { isUi } from '../ui/ui-graph.ts';

export interface FoundWorkflow {
  /** Where it is: `input.workflow`, `[0].prompt[2]`; empty for the JSON itself. */
  readonly path: string;
  readonly json: JsonObject;
}

export interface FoundWorkflows {
  /** Graphs in API format; several only if there is no reason to prefer one. */
  readonly api: readonly FoundWorkflow[];
  /** Workflows in UI format, likewise. */
  readonly ui: readonly FoundWorkflow[];
  /** The `extra_pnginfo` that comes with them. */
  readonly pngInfo?: JsonObject;
}

/** How deep a workflow may lie in other JSON. */
const MAX_DEPTH = 8;
/** How many texts are parsed as JSON. */
const MAX_TEXTS = 64;
/** The keys of the same workflow in several forms, the preferred first. */
const KEYS = ['output', 'prompt', 'workflow_api', 'workflow'];

interface Item {
  readonly path: string;
  readonly key: string;
  readonly parent?: Json;
  readonly json: Json;
}

interface Level {
  readonly api: Item[];
  readonly ui: Item[];
}

/** Searches level by level; of each form, the workflows that lie the least deep are returned. */
export function findWorkflows(json: Json): FoundWorkflows {
  const found: Level = { api: [], ui: [] };
  let pngInfo: JsonObject | undefined;
  let texts = MAX_TEXTS;
  let level: Item[] = [{ path: '', key: '', json }];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    const here: Level = { api: [], ui: [] };
    const next: Item[] = [];
    for (const item of level) {
      const isText = typeof item.json === 'string' && mayHaveWorkflow(item.json);
      if (isText && texts-- <= 0) continue;
      const value = isText ? parsed(item.json as string) : item.json;
      if (item.key === 'extra_pnginfo' && isJsonObject(value)) pngInfo ??= value;
      const isCandidate = depth === 0 || KEYS.includes(item.key) || isWhole(value);
      if (isCandidate && isUi(value)) here.ui.push({ ...item, json: value });
      else if (isCandidate && hasNodes(value)) here.api.push({ ...item, json: value });
      for (const child of childrenOf(value, item.path)) next.push(child);
    }
    if (found.api.length === 0) found.api.push(...here.api);
    if (found.ui.length === 0) found.ui.push(...here.ui);
    level = next;
  }
  return { api: preferred(found.api), ui: preferred(found.ui), pngInfo };
}

/** Whether an object under any key is a workflow, and not a part or a description of one. */
const isWhole = (json: Json): boolean =>
  isUi(json)
    ? (json['nodes'] as Json[]).every(isJsonObject)
    : isJsonObject(json) &&
      Object.values(json).some((value) => isNode(value) && isJsonObject(value['inputs']));

/** Whether a value of an object is a node in API format. */
export const hasNodes = (json: Json): boolean =>
  isJsonObject(json) && Object.values(json).some(isNode);

export const isNode = (json: Json): json is JsonObject =>
  isJsonObject(json) && typeof json['class_type'] === 'string';

const mayHaveWorkflow = (text: string): boolean =>
  /^\s*["{[]/.test(text) && /class_type|nodes/.test(text);

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** The values in an array or object that may contain a workflow; nodes do not. */
function childrenOf(json: Json, path: string): Item[] {
  if (Array.isArray(json))
    return json.map((value, i) => ({ path: `${path}[${i}]`, key: '', parent: json, json: value }));
  const object = isJsonObject(json) && !isUi(json as Json) ? (json as JsonObject) : {};
  return entriesOf(object)
    .filter(([, value]) => !isNode(value))
    .map(([key, value]) => ({
      path: path === '' ? key : `${path}.${key}`,
      key,
      parent: json,
      json: value,
    }));
}

/** One workflow if the others are its copies or other forms of it, or else all. */
function preferred(items: readonly Item[]): FoundWorkflow[] {
  const rank = ({ key }: Item): number => KEYS.indexOf(key);
  const forms = items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  const together = items.every(({ parent }) => parent === items[0].parent);
  const chosen = together && forms.length > 0 ? forms : items;
  const same = (together && forms.length > 0) || areEqual(items.map(({ json }) => json));
  return chosen
    .slice(0, same ? 1 : undefined)
    .map(({ path, json }) => ({ path, json: json as JsonObject }));
}

const areEqual = (values: readonly Json[]): boolean =>
  values.length > 1 && new Set(values.map((value) => dumpsJson(value))).size === 1;
