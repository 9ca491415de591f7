// Lets the nodes that wish to change a prompt do so, before it is checked.
import { DarkroomError } from '../errors.ts';
import { entriesOf, isJsonObject, type Json, type JsonObject, objectOf } from '../formats/json.ts';
import type { NodeEnvironment } from '../nodes/context.ts';
import type { PromptEditor, PromptLink } from '../nodes/prompt-hooks.ts';
import { type Graph, linkOf } from './api-graph.ts';
import type { NodeTable } from './validate/validate.ts';

export interface PreparedMessage {
  readonly nodeId: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface PreparedPrompt {
  readonly graph: Graph;
  /** `extra_pnginfo` with the changes in the editor's own workflow. */
  readonly extra: Readonly<JsonObject>;
  /** What clients are told when the prompt is run. */
  readonly messages: readonly PreparedMessage[];
  readonly problems: readonly DarkroomError[];
}

/** The prompt as its nodes want it. Gives back what it was given where none wants anything. */
export function preparePrompt(
  graph: Graph,
  extra: Readonly<JsonObject>,
  nodes: NodeTable,
  environment: NodeEnvironment,
): PreparedPrompt {
  const asked = [...graph].flatMap(([id, { classType }]) => {
    const preparation = nodes.get(classType)?.prepare;
    return preparation ? [{ id, classType, preparation }] : [];
  });
  if (asked.length === 0) return { graph, extra, messages: [], problems: [] };

  const inputs = new Map(
    [...graph].map(([id, node]) => [id, new Map(entriesOf(node.inputs as JsonObject))]),
  );
  const messages: PreparedMessage[] = [];
  const problems: DarkroomError[] = [];
  let changed = extra;
  const editorOf = (nodeId: string): PromptEditor => ({
    environment,
    has: (id) => graph.has(id),
    classType: (id) => graph.get(id)?.classType,
    inputNames: (id) => [...(inputs.get(id)?.keys() ?? [])],
    input: (id, name) => inputs.get(id)?.get(name),
    set: (id, name, value) => {
      if (value === undefined) inputs.get(id)?.delete(name);
      else inputs.get(id)?.set(name, value);
    },
    setWidget: (id, index, value) => {
      changed = withWidget(changed, id, index, value);
    },
    linksFrom: (id) =>
      [...inputs].flatMap(([node, values]) =>
        [...values].flatMap(([input, value]): PromptLink[] => {
          const link = linkOf(value);
          return link?.id === id ? [{ node, input, slot: link.slot }] : [];
        }),
      ),
    send: (event, data) => messages.push({ nodeId, event, data }),
  });
  const ordered = [
    ...asked.filter(({ preparation }) => preparation.first),
    ...asked.filter(({ preparation }) => !preparation.first),
  ];
  for (const { id, classType, preparation } of ordered) {
    try {
      preparation.edit(id, editorOf(id));
    } catch (error) {
      if (!(error instanceof DarkroomError)) throw error;
      error.nodeId ??= id;
      error.nodeType ??= classType;
      problems.push(error);
    }
  }
  const prepared = new Map(
    [...graph].map(([id, node]) => [id, { ...node, inputs: objectOf(inputs.get(id)!) }]),
  );
  return { graph: prepared, extra: changed, messages, problems };
}

function withWidget(
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
    return having(
      node,
      'widgets_values',
      node['widgets_values'].map((old, i) => (i === index ? value : old)),
    );
  });
  return having(extra, 'workflow', having(workflow, 'nodes', nodes));
}

const having = (object: Readonly<JsonObject>, key: string, value: Json): JsonObject =>
  objectOf([...entriesOf(object as JsonObject), [key, value]]);
