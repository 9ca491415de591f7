// Runs the preparations of nodes, which may change a prompt before validation, as the event
// handlers of ComfyUI's packs do.
import { DarkroomError } from '../errors.ts';
import { entriesOf, isJsonObject, type Json, type JsonObject, objectOf } from '../formats/json.ts';
import type { NodeEnvironment } from '../nodes/context.ts';
import type { PromptEditor, PromptLink, PromptPreparation } from '../nodes/prompt-hooks.ts';
import { type Graph, linkOf } from './api-graph.ts';
import type { NodeTable } from './node-table.ts';

/** A message for clients, sent when the prompt is run. */
export interface PreparedMessage {
  readonly nodeId: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface PreparedPrompt {
  readonly graph: Graph;
  /** `extra_pnginfo` with the changes made in the editor's own workflow. */
  readonly extra: Readonly<JsonObject>;
  readonly messages: readonly PreparedMessage[];
  readonly problems: readonly DarkroomError[];
}

/**
 * Runs the preparations of the nodes in a graph. Errors of a preparation become `problems`. Returns
 * the graph and `extra` unchanged when no node has a preparation.
 */
export function preparePrompt(
  graph: Graph,
  extra: Readonly<JsonObject>,
  nodes: NodeTable,
  environment: NodeEnvironment,
): PreparedPrompt {
  const preparations = preparationsIn(graph, nodes);
  if (preparations.length === 0) return { graph, extra, messages: [], problems: [] };
  const draft: PromptDraft = {
    graph,
    inputs: new Map(
      [...graph].map(([id, node]) => [id, new Map(entriesOf(node.inputs as JsonObject))]),
    ),
    widgets: new Map(),
    messages: [],
  };
  const problems: DarkroomError[] = [];
  for (const { id, classType, preparation } of preparations) {
    try {
      preparation.edit(id, editorOf(draft, id, environment));
    } catch (error) {
      if (!(error instanceof DarkroomError)) throw error;
      error.nodeId ??= id;
      error.nodeType ??= classType;
      problems.push(error);
    }
  }
  const prepared = new Map(
    [...graph].map(([id, node]) => [id, { ...node, inputs: objectOf(draft.inputs.get(id)!) }]),
  );
  const { messages, widgets } = draft;
  return { graph: prepared, extra: withWidgetValues(extra, widgets), messages, problems };
}

interface NodePreparation {
  readonly id: string;
  readonly classType: string;
  readonly preparation: PromptPreparation;
}

/** The preparations in the order of the graph, those marked `first` before the others. */
function preparationsIn(graph: Graph, nodes: NodeTable): NodePreparation[] {
  const all = [...graph].flatMap(([id, { classType }]) => {
    const preparation = nodes.get(classType)?.prepare;
    return preparation ? [{ id, classType, preparation }] : [];
  });
  return [
    ...all.filter(({ preparation }) => preparation.first),
    ...all.filter(({ preparation }) => !preparation.first),
  ];
}

/** A prompt while it is changed. */
interface PromptDraft {
  readonly graph: Graph;
  /** Values by node id and input name. */
  readonly inputs: ReadonlyMap<string, Map<string, Json>>;
  /** The links by the node that they come from, with those that were removed since. */
  links?: ReadonlyMap<string, readonly PromptLink[]>;
  /** New values of `widgets_values`, by node id and index. */
  readonly widgets: Map<string, Map<number, Json>>;
  readonly messages: PreparedMessage[];
}

const editorOf = (
  draft: PromptDraft,
  nodeId: string,
  environment: NodeEnvironment,
): PromptEditor => ({
  environment,
  has: (id) => draft.graph.has(id),
  classType: (id) => draft.graph.get(id)?.classType,
  inputNames: (id) => [...(draft.inputs.get(id)?.keys() ?? [])],
  input: (id, name) => draft.inputs.get(id)?.get(name),
  set: (id, name, value) => {
    if (value === undefined) draft.inputs.get(id)?.delete(name);
    else draft.inputs.get(id)?.set(name, value);
    if (linkOf(value)) draft.links = undefined;
  },
  setWidget: (id, index, value) => {
    const values = draft.widgets.get(id) ?? new Map<number, Json>();
    draft.widgets.set(id, values.set(index, value));
  },
  linksFrom: (id) => linksFrom(draft, id),
  send: (event, data) => draft.messages.push({ nodeId, event, data }),
});

function linksFrom(draft: PromptDraft, id: string): PromptLink[] {
  draft.links ??= linksBySource(draft);
  const links = draft.links.get(id) ?? [];
  return links.filter(({ node, input }) => linkOf(draft.inputs.get(node)?.get(input))?.id === id);
}

function linksBySource({ inputs }: PromptDraft): Map<string, PromptLink[]> {
  const links = new Map<string, PromptLink[]>();
  for (const [node, values] of inputs)
    for (const [input, value] of values) {
      const link = linkOf(value);
      if (!link) continue;
      const found = links.get(link.id);
      if (found) found.push({ node, input, slot: link.slot });
      else links.set(link.id, [{ node, input, slot: link.slot }]);
    }
  return links;
}

/** `extra` with values of `widgets_values` replaced in the workflow in UI format. */
function withWidgetValues(
  extra: Readonly<JsonObject>,
  widgets: PromptDraft['widgets'],
): Readonly<JsonObject> {
  const workflow = extra['workflow'];
  if (widgets.size === 0 || !isJsonObject(workflow) || !Array.isArray(workflow['nodes']))
    return extra;
  const nodes = workflow['nodes'].map((node): Json => {
    const changed = isJsonObject(node) ? widgets.get(String(node['id'])) : undefined;
    if (!changed || !isJsonObject(node) || !Array.isArray(node['widgets_values'])) return node;
    const values = node['widgets_values'].map((old, i) => changed.get(i) ?? old);
    return withKey(node, 'widgets_values', values);
  });
  return withKey(extra, 'workflow', withKey(workflow, 'nodes', nodes));
}

const withKey = (object: Readonly<JsonObject>, key: string, value: Json): JsonObject =>
  objectOf([...entriesOf(object as JsonObject), [key, value]]);
