// Whether a picture's workflow was changed after its prompt was sent: the two contradict each other,
// and ours is what the workflow itself says, letter by letter.
import { dumpsJson } from '../src/formats/dumps-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../src/formats/json.ts';
import { replacedOption } from '../src/nodes/former-options.ts';
import type { Input } from '../src/nodes/input-types.ts';
import { linkOf } from '../src/workflow/api-graph.ts';

/** What the editor's own file says about its nodes. */
export interface FileEvidence {
  /** Whether there is a node with this id, of this type, that is neither muted nor bypassed. */
  isActive(id: string, type?: string): boolean;
  /** Whether `ours` stands in the file at an input, where something else was sent. */
  says(id: string, name: string, input: Input | undefined, sent: Json, ours: Json): boolean;
}

interface FileNode {
  readonly node: JsonObject;
  /** The links of its graph. */
  readonly links: readonly Json[];
}

const list = (json: Json | undefined): readonly Json[] => (Array.isArray(json) ? json : []);
const same = (a: Json | undefined, b: Json | undefined): boolean =>
  dumpsJson(a ?? null) === dumpsJson(b ?? null);

/** `workflow` is the UI form of the picture. */
export function fileEvidence(workflow: JsonObject): FileEvidence {
  const definitions = isJsonObject(workflow['definitions'])
    ? list(workflow['definitions']['subgraphs'])
    : [];
  const nodes = new Map<string, FileNode>();
  for (const graph of [workflow, ...definitions.filter(isJsonObject)])
    for (const node of list(graph['nodes']).filter(isJsonObject))
      if (!nodes.has(String(node['id'])))
        nodes.set(String(node['id']), { node, links: list(graph['links']) });
  /** A node of a subgraph or group is named by its way, `142:8`; a group has the values itself. */
  const findAll = (id: string): FileNode[] =>
    id.split(':').flatMap((part) => nodes.get(part) ?? []);
  const isActive = (id: string, type?: string): boolean => {
    const found = nodes.get(id.split(':').at(-1)!)?.node;
    const isOfType = type === undefined || found?.['type'] === type;
    return found !== undefined && isOfType && (found['mode'] ?? 0) === 0;
  };
  return {
    isActive,
    says: (id, name, input, sent, ours) => {
      const [from, was] = [linkOf(ours), linkOf(sent)];
      const has = (value: Json): boolean =>
        findAll(id).some(({ node }) => hasValue(node, input, value));
      if (!from) return has(ours) && !has(sent);
      const isLinked = (source: string, slot: number): boolean =>
        findAll(id).some((found) => isLinkedTo(found, name, source, slot));
      // what was sent is still linked, and has been bypassed since
      return (
        isLinked(from.id, from.slot) || (!!was && !isActive(was.id) && isLinked(was.id, was.slot))
      );
    },
  };
}

/** Whether a widget of the node has the value; a text with placeholders says nothing. */
function hasValue(node: JsonObject, input: Input | undefined, value: Json): boolean {
  if (typeof value === 'string' && /[%{]/.test(value)) return false;
  const saved = node['widgets_values'];
  const values = isJsonObject(saved) ? Object.values(saved) : list(saved);
  const current = (item: Json): Json =>
    (input?.kind === 'COMBO' ? replacedOption(item, input) : undefined) ?? item;
  return values.some((item) => same(item, value) || same(current(item), value));
}

/** Whether the file has the link from output `slot` of node `from` to the input. */
function isLinkedTo({ node, links }: FileNode, name: string, from: string, slot: number): boolean {
  const socket = list(node['inputs']).find((item) => isJsonObject(item) && item['name'] === name);
  const number = isJsonObject(socket ?? null) ? (socket as JsonObject)['link'] : undefined;
  const source = from.split(':').at(-1);
  return links.some((link) =>
    isJsonObject(link)
      ? same(link['id'], number) &&
        String(link['origin_id']) === source &&
        same(link['origin_slot'], slot)
      : Array.isArray(link) &&
        same(link[0], number) &&
        String(link[1]) === source &&
        same(link[2], slot),
  );
}
