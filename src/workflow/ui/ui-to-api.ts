// UI workflow → API graph: what ComfyUI's editor does when a prompt is queued (graphToPrompt in its executionUtil.ts).
import { type Json, type JsonObject, keysOf, numberOf, objectOf } from '../../formats/json.ts';
import { type Graph, type GraphNode, linkOf } from '../api-graph.ts';
import type { NodeTable } from '../validate/validate.ts';
import { expand, type Placed, type Scope } from './expand.ts';
import { createNodeTypes, type NodeTypes } from './node-types.ts';
import { resolveInput, type Source } from './resolve.ts';
import { chooseFrom, fillIn, isDynamic } from './texts.ts';
import { type UiNode, uiGraph } from './ui-graph.ts';

export interface ConvertOptions {
  readonly nodes: NodeTable;
  /** For `%date:…%`. */
  readonly now?: Date;
  /** Chooses among `{a|b}`: 0 <= x < 1. Without it the first of each is taken. */
  readonly random?: () => number;
  /** Definitions of components that lie beside the file, by type or name. */
  readonly components?: Readonly<JsonObject>;
}

export interface Converted {
  readonly graph: Graph;
  /** What could not be read straight from the file. */
  readonly notes: readonly string[];
}

/** Whose `filename_prefix` the editor fills in. */
const FILE_NAMES = 'filename_prefix';
/** A primitive's switch for the same. */
const REPLACE = 'Run widget replace on values';
const NAME_FOR_REPLACE = 'Node name for S&R';

/** Converts a workflow in the UI format. Throws DR_WORKFLOW_FORMAT. */
export function convertUi(json: JsonObject, options: ConvertOptions): Converted {
  const types = createNodeTypes(json, options.nodes, options.components);
  const { root, nodes } = expand(uiGraph(json), types);
  const notes = new Set<string>();
  const strangers = new Set<string>();
  const now = options.now ?? new Date();
  const random = options.random ?? (() => 0);

  const filled = (text: string): string =>
    fillIn(text, now, (name, widget) => {
      const node = findNode(root, name);
      const value = node && types.valuesOf(node).values.get(widget);
      return value === undefined ? undefined : value === null ? '' : jsText(value);
    });
  const primitiveValue = (source: Extract<Source, { value: Json }>): Json =>
    source.primitive?.properties[REPLACE] === true && typeof source.value === 'string'
      ? filled(source.value)
      : source.value;

  const inputsOf = ({ id, node, scope }: Placed): JsonObject => {
    const { values, note } = types.valuesOf(node);
    if (note) notes.add(note);
    if (!types.known(node.type) && Array.isArray(node.values) && node.values.length > 0)
      strangers.add(node.type);
    const entries = new Map<string, Json>(values);
    const links = new Map<string, Json>();
    for (const socket of types.inputsOf(node)) {
      const source = resolveInput(types, scope, node, socket);
      if (!source || socket.name === '') continue;
      if ('value' in source) entries.set(socket.name, primitiveValue(source));
      else links.set(socket.name, [source.id, source.slot]);
    }
    for (const [name, value] of entries) {
      const input = types.inputOf(node, name);
      if (typeof value === 'string' && input?.kind === 'STRING') {
        if (name === FILE_NAMES) entries.set(name, filled(value));
        else if (input.dynamicPrompts && isDynamic(value)) {
          const chosen = chooseFrom(value, random);
          entries.set(name, chosen);
          if (value.includes('{'))
            notes.add(
              `'${name}' of ${node.type} (node ${id}) leaves a choice; taken: ${shortened(chosen)}`,
            );
        }
      } else if (Array.isArray(value)) entries.set(name, { __value__: value });
    }
    for (const [name, link] of links) entries.set(name, link);
    return objectOf(entries);
  };

  const made = nodes.map((placed): [string, GraphNode] => [
    placed.id,
    apiNode(types, placed.node, inputsOf(placed)),
  ]);
  if (strangers.size > 0)
    notes.add(
      `the inputs of unknown node types could only be guessed: ${[...strangers].join(', ')}`,
    );
  return { graph: inOrder(withoutLooseLinks(new Map(made))), notes: [...notes] };
}

function apiNode(types: NodeTypes, node: UiNode, inputs: JsonObject): GraphNode {
  const classType = types.classType(node.type);
  const title = node.title ?? types.display(node.type) ?? node.type;
  return { classType, inputs, title, source: { inputs, class_type: classType, _meta: { title } } };
}

/** Links to nodes that are not in the prompt (muted ones) are left out. */
function withoutLooseLinks(graph: Graph): Graph {
  const isLoose = (value: Json): boolean => {
    const link = linkOf(value);
    return link !== undefined && !graph.has(link.id);
  };
  return new Map(
    [...graph].map(([id, node]) => {
      const names = keysOf(node.inputs);
      if (!names.some((name) => isLoose(node.inputs[name]))) return [id, node];
      const inputs = objectOf(
        names
          .filter((name) => !isLoose(node.inputs[name]))
          .map((name) => [name, node.inputs[name]] as const),
      );
      return [id, { ...node, inputs, source: { ...node.source, inputs } }];
    }),
  );
}

const isWhole = (id: string): boolean => /^(0|[1-9]\d{0,8})$/.test(id);

/** The order that the keys of a JavaScript object have: whole numbers first, ascending, then the others as they came. */
function inOrder(graph: Graph): Graph {
  const ids = [...graph.keys()];
  const numbers = ids.filter(isWhole).sort((a, b) => Number(a) - Number(b));
  return new Map(
    [...numbers, ...ids.filter((id) => !isWhole(id))].map((id) => [id, graph.get(id)!]),
  );
}

/** A node by its name for replacing, or by its title; in inner graphs as well. */
function findNode(root: Scope, name: string): UiNode | undefined {
  const all: UiNode[] = [];
  const collect = (scope: Scope): void => {
    all.push(...scope.graph.nodes.values());
    for (const inner of scope.inner.values()) collect(inner);
  };
  collect(root);
  return (
    all.find((node) => node.properties[NAME_FOR_REPLACE] === name) ??
    all.find((node) => (node.title ?? node.type) === name)
  );
}

const shortened = (text: string): string =>
  (text.length > 80 ? `${text.slice(0, 79)}…` : text).replace(/\s+/g, ' ');

/** A value as JavaScript prints it. */
const jsText = (value: Json): string =>
  String(numberOf(value) !== undefined && typeof value !== 'bigint' ? numberOf(value) : value);
