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
    extra,
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
  return { graph: prepared, extra: draft.extra, messages: draft.messages, problems };
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
  extra: Readonly<JsonObject>;
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
  },
  setWidget: (id, index, value) => {
    draft.extra = withWidgetValue(draft.extra, id, index, value);
  },
  linksFrom: (id) => linksFrom(draft, id),
  send: (event, data) => draft.messages.push({ nodeId, event, data }),
});

const linksFrom = ({ inputs }: PromptDraft, id: string): PromptLink[] =>
  [...inputs].flatMap(([node, values]) =>
    [...values].flatMap(([input, value]): PromptLink[] => {
      const link = linkOf(value);
      return link?.id === id ? [{ node, input, slot: link.slot }] : [];
    }),
  );

/** `extra` with one value of `widgets_values` replaced in the workflow in UI format. */
function withWidgetValue(
  extra: Readonly<JsonObject>,
  id: string,
  index: number,
  value: Json,
): Readonly<JsonObject> {
  const workflow = extra['workflow'];
  if (!isJsonObject(workflow) || !Array.isArray(workflow['nodes'])) return extra;
  const nodes = workflow['nodes'].map((node): Json => {
    if (!isJsonObject(node) || String(node['id']) !== id || !Array.isArray(node['widgets_values']))
      return node;
    const values = node['widgets_values'].map((old, i) => (i === index ? value : old));
    return withKey(node, 'widgets_values', values);
  });
  return withKey(extra, 'workflow', withKey(workflow, 'nodes', nodes));
}

const withKey = (object: Readonly<JsonObject>, key: string, value: Json): JsonObject =>
  objectOf([...entriesOf(object as JsonObject), [key, value]]);
