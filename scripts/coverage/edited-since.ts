// Whether a picture's workflow was changed after its prompt was sent: the two contradict each
// other, and ours is what the workflow itself says, letter by letter. The file is read without the
// readers that are measured, and what it does not settle is no evidence.
import { dumpsJson } from '../../src/formats/dumps-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../src/formats/json.ts';
import { replacedOption } from '../../src/nodes/former-options.ts';
import type { Input } from '../../src/nodes/input-types.ts';
import { linkOf } from '../../src/workflow/api-graph.ts';

/** What the editor's own file says about its nodes. */
export interface FileEvidence {
  /** Whether there is a node with this id, of this type, that is neither muted nor bypassed. */
  isActive(id: string, type: string): boolean;
  /** Whether there is no node with this id, a muted or bypassed one, or one of another type. */
  isGone(id: string, type: string): boolean;
  /** Whether `ours` stands in the file at an input, where something else was sent. */
  says(id: string, name: string, input: Input | undefined, values: Values): boolean;
}

export interface Values {
  readonly sent: Json | undefined;
  readonly ours: Json | undefined;
}

interface FileGraph {
  readonly nodes: ReadonlyMap<string, JsonObject>;
  readonly links: readonly Json[];
}

interface FileNode {
  readonly node: JsonObject;
  /** The graph that contains it. */
  readonly graph: FileGraph;
}

/** The nodes that an id such as `142:8` names, outermost first. */
interface Way {
  readonly found: readonly FileNode[];
  /** Whether one of them, which has no definition in the file's subgraphs, contains the others. */
  readonly endsInGroup: boolean;
  readonly isComplete: boolean;
}

interface Origin {
  readonly id: string;
  readonly slot: Json;
}

const list = (json: Json | undefined): readonly Json[] => (Array.isArray(json) ? json : []);
const same = (a: Json | undefined, b: Json | undefined): boolean =>
  dumpsJson(a ?? null) === dumpsJson(b ?? null);
const isOn = ({ node }: FileNode): boolean => (node['mode'] ?? 0) === 0;

const graphOf = (json: JsonObject): FileGraph => ({
  nodes: new Map(
    list(json['nodes'])
      .filter(isJsonObject)
      .map((node) => [String(node['id']), node]),
  ),
  links: list(json['links']),
});

/** `workflow` is the UI form of the picture. */
export function fileEvidence(workflow: JsonObject): FileEvidence {
  const root = graphOf(workflow);
  const { subgraphs } = isJsonObject(workflow['definitions']) ? workflow['definitions'] : {};
  const definitions = new Map(
    list(subgraphs)
      .filter(isJsonObject)
      .map((graph) => [String(graph['id']), graphOf(graph)]),
  );
  const wayTo = (id: string): Way => {
    const found: FileNode[] = [];
    let graph: FileGraph | undefined = root;
    for (const part of id.split(':')) {
      if (!graph) return { found, endsInGroup: true, isComplete: false };
      const node = graph.nodes.get(part);
      if (!node) return { found, endsInGroup: false, isComplete: false };
      found.push({ node, graph });
      graph = definitions.get(String(node['type']));
    }
    return { found, endsInGroup: false, isComplete: true };
  };
  return {
    isActive: (id, type) => {
      const { found, isComplete } = wayTo(id);
      return isComplete && found.every(isOn) && found.at(-1)!.node['type'] === type;
    },
    isGone: (id, type) => {
      const { found, endsInGroup, isComplete } = wayTo(id);
      if (!found.every(isOn)) return true;
      if (!isComplete) return !endsInGroup;
      const here = String(found.at(-1)!.node['type']);
      return here !== type && !definitions.has(here) && !here.startsWith('workflow');
    },
    says: (id, name, input, { sent, ours }) => {
      const way = wayTo(id);
      if (ours !== undefined && !linkOf(ours)) return hasValue(way, name, input, sent, ours);
      return way.isComplete && isLinkedAs(way.found.at(-1)!, name, sent, ours);
    },
  };
}

/** Whether the file has our value for the input, and nowhere at the node the one that was sent. */
function hasValue(
  way: Way,
  name: string,
  input: Input | undefined,
  sent: Json | undefined,
  ours: Json,
): boolean {
  // the inner links of a group are not in its node
  if (way.endsInGroup && linkOf(sent)) return false;
  if (isTemplate(ours) || isTemplate(sent)) return false;
  const values = holdersOf(way, name).flatMap(({ node }) => savedValues(node));
  const current = (item: Json): Json =>
    (input?.kind === 'COMBO' ? replacedOption(item, input) : undefined) ?? item;
  const has = (value: Json | undefined): boolean =>
    values.some((item) => same(item, value) || same(current(item), value));
  return has(ours) && !has(sent);
}

/** A text whose placeholders may have been replaced. */
const isTemplate = (value: Json | undefined): boolean =>
  typeof value === 'string' && /[%{]/.test(value);

function savedValues({ widgets_values: saved = null }: JsonObject): readonly Json[] {
  return isJsonObject(saved) ? Object.values(saved) : list(saved);
}

/** The nodes whose widgets an input has its value from; none where a link brings the value. */
function holdersOf({ found, isComplete }: Way, name: string): readonly FileNode[] {
  const last = found.at(-1);
  const origin = last && isComplete ? originOf(last, name) : undefined;
  if (!origin) return found;
  // the inputs of a subgraph
  if (origin.id.startsWith('-')) return found.slice(0, -1);
  const node = last!.graph.nodes.get(origin.id);
  return node?.['type'] === 'PrimitiveNode' ? [{ node, graph: last!.graph }] : [];
}

/**
 * Whether the file links an input as ours is: from the same active node; from the node that was
 * sent, which is bypassed since, past it; or not at all.
 */
function isLinkedAs(
  target: FileNode,
  name: string,
  sent: Json | undefined,
  ours: Json | undefined,
): boolean {
  const [was, is] = [linkOf(sent), linkOf(ours)];
  const origin = originOf(target, name);
  if (!origin) return is === undefined && was !== undefined;
  const source = target.graph.nodes.get(origin.id);
  if (!source) return false;
  const isFrom = (link: typeof is): boolean =>
    link?.id.split(':').at(-1) === origin.id && same(origin.slot, link.slot);
  if (isOn({ node: source, graph: target.graph })) return isFrom(is);
  return isFrom(was) && (is ? isBehind(target.graph, source, is.id.split(':').at(-1)!) : true);
}

/**
 * Whether the links into a node that is off come from a node, maybe through others that are off.
 */
function isBehind(graph: FileGraph, node: JsonObject, id: string): boolean {
  const open = [node];
  const seen = new Set(open);
  for (const next of open)
    for (const socket of list(next['inputs']).filter(isJsonObject)) {
      const origin = originOf({ node: next, graph }, socket['name']);
      if (origin?.id === id) return true;
      const before = origin && graph.nodes.get(origin.id);
      if (!before || seen.has(before) || isOn({ node: before, graph })) continue;
      seen.add(before);
      open.push(before);
    }
  return false;
}

/** Where the link into an input comes from. */
function originOf({ node, graph }: FileNode, name: Json | undefined): Origin | undefined {
  const socket = list(node['inputs']).find((item) => isJsonObject(item) && item['name'] === name);
  const number = isJsonObject(socket ?? null) ? (socket as JsonObject)['link'] : undefined;
  if (number === undefined || number === null) return undefined;
  for (const link of graph.links) {
    const [id, from, slot] = isJsonObject(link)
      ? [link['id'], link['origin_id'], link['origin_slot']]
      : list(link);
    if (same(id, number)) return { id: String(from), slot };
  }
  return undefined;
}
