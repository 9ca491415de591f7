// Converts a UI workflow to an API graph as ComfyUI's editor does when a prompt is queued
// (graphToPrompt in its executionUtil.ts).
import { type Json, type JsonObject, keysOf, objectOf } from '../../formats/json.ts';
import { type Graph, type GraphNode, linkOf } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { expand, type ScopedNode } from './expand.ts';
import { type BesideFile, FileNodeTypes } from './file-node-types.ts';
import type { NodeTypes } from './node-types.ts';
import { type WidgetLookUp, widgetLookUp } from './placeholders.ts';
import { resolveInput, type Source } from './resolve.ts';
import { chooseOptions, isDynamic, replacePlaceholders } from './texts.ts';
import { type UiNode, uiGraph } from './ui-graph.ts';

export interface ConvertOptions extends BesideFile {
  readonly nodes: NodeTable;
  /** The time for `%date:…%`; the current time by default. */
  readonly now?: Date;
  /** Chooses among `{a|b}`, from 0 up to 1. Without it the first option is chosen. */
  readonly random?: () => number;
}

export interface Converted {
  readonly graph: Graph;
  /** One sentence for each choice and guess that the conversion made. */
  readonly notes: readonly string[];
}

/** The input whose placeholders the editor replaces. */
const FILE_NAME_INPUT = 'filename_prefix';
/** A primitive's property that enables placeholders in its value. */
const REPLACE_PROPERTY = 'Run widget replace on values';

/** Converts a workflow in the UI format. Throws DR_WORKFLOW_FORMAT. */
export function convertUi(json: JsonObject, options: ConvertOptions): Converted {
  const types = new FileNodeTypes(json, options.nodes, options);
  const { root, nodes } = expand(uiGraph(json), types);
  const conversion: Conversion = {
    types,
    lookUp: widgetLookUp(types, root),
    now: options.now ?? new Date(),
    random: options.random ?? (() => 0),
    notes: new Set(),
    guessedTypes: new Set(),
  };
  const graph = new Map(
    nodes.map((scoped): [string, GraphNode] => [
      scoped.id,
      apiNode(types, scoped.node, convertInputs(conversion, scoped)),
    ]),
  );
  const { notes, guessedTypes } = conversion;
  if (guessedTypes.size > 0)
    notes.add(
      `the inputs of unknown node types could only be guessed: ${[...guessedTypes].join(', ')}`,
    );
  return { graph: inKeyOrder(withoutDanglingLinks(graph)), notes: [...notes] };
}

interface Conversion {
  readonly types: NodeTypes;
  readonly lookUp: WidgetLookUp;
  readonly now: Date;
  readonly random: () => number;
  readonly notes: Set<string>;
  /** Unknown node types with values. */
  readonly guessedTypes: Set<string>;
}

/** The inputs of a node: values first, then links. */
function convertInputs(conversion: Conversion, scoped: ScopedNode): JsonObject {
  const { types, notes, guessedTypes } = conversion;
  const { node, scope } = scoped;
  const { values, note } = types.valuesOf(node);
  if (note) notes.add(note);
  if (!types.isDeclared(node.type) && Array.isArray(node.values) && node.values.length > 0)
    guessedTypes.add(node.type);
  const inputs = new Map<string, Json>(values);
  const links = new Map<string, Json>();
  const promoted = new Set<string>();
  for (const socket of types.inputsOf(node)) {
    const source = resolveInput(types, scope, node, socket);
    if (!source || socket.name === '') continue;
    if ('value' in source) inputs.set(socket.name, primitiveValue(conversion, source));
    else links.set(socket.name, [source.id, source.slot]);
    if ('value' in source && source.isPromoted) promoted.add(socket.name);
  }
  for (const [name, value] of inputs) {
    const text = promoted.has(name) ? value : convertText(conversion, scoped, name, value);
    // a bare list would be read as a link
    inputs.set(name, Array.isArray(text) ? { __value__: text } : text);
  }
  for (const [name, link] of links) inputs.set(name, link);
  const computed = types.computedInputs(node, objectOf(inputs));
  for (const [name, value] of Object.entries(computed)) inputs.set(name, value);
  return objectOf(inputs);
}

const primitiveValue = (
  conversion: Conversion,
  { value, primitive }: Extract<Source, { value: Json }>,
): Json =>
  primitive?.properties[REPLACE_PROPERTY] === true && typeof value === 'string'
    ? withoutPlaceholders(conversion, value)
    : value;

/** Replaces placeholders and choices in a text; other values are returned as they are. */
function convertText(
  conversion: Conversion,
  { id, node }: ScopedNode,
  name: string,
  value: Json,
): Json {
  const input = conversion.types.inputOf(node, name);
  if (typeof value !== 'string' || input?.kind !== 'STRING') return value;
  if (name === FILE_NAME_INPUT) return withoutPlaceholders(conversion, value);
  if (!input.dynamicPrompts || !isDynamic(value)) return value;
  const chosen = chooseOptions(value, conversion.random);
  if (value.includes('{'))
    conversion.notes.add(
      `'${name}' of ${node.type} (node ${id}) is a dynamic prompt; chosen: ${shortened(chosen)}`,
    );
  return chosen;
}

const withoutPlaceholders = ({ lookUp, now }: Conversion, text: string): string =>
  replacePlaceholders(text, now, lookUp);

function apiNode(types: NodeTypes, node: UiNode, inputs: JsonObject): GraphNode {
  const classType = types.classType(node.type);
  const title = node.title ?? types.displayName(node.type) ?? node.type;
  return { classType, inputs, title, source: { inputs, class_type: classType, _meta: { title } } };
}

/** Removes links to nodes that are not in the prompt, such as muted ones. */
function withoutDanglingLinks(graph: Graph): Graph {
  const isDangling = (value: Json): boolean => {
    const link = linkOf(value);
    return link !== undefined && !graph.has(link.id);
  };
  return new Map(
    [...graph].map(([id, node]) => {
      const names = keysOf(node.inputs);
      const remaining = names.filter((name) => !isDangling(node.inputs[name]));
      if (remaining.length === names.length) return [id, node];
      const inputs = objectOf(remaining.map((name) => [name, node.inputs[name]] as const));
      return [id, { ...node, inputs, source: { ...node.source, inputs } }];
    }),
  );
}

const isIndexKey = (id: string): boolean => /^(0|[1-9]\d{0,8})$/.test(id);

/**
 * The order of keys in a JavaScript object: ascending whole numbers, then the others as inserted.
 */
function inKeyOrder(graph: Graph): Graph {
  const ids = [...graph.keys()];
  const numbers = ids.filter(isIndexKey).sort((a, b) => Number(a) - Number(b));
  return new Map(
    [...numbers, ...ids.filter((id) => !isIndexKey(id))].map((id) => [id, graph.get(id)!]),
  );
}

const MAX_SHOWN = 80;

const shortened = (text: string): string =>
  (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text).replace(/\s+/g, ' ');
