// The definitions of subgraphs, group nodes and components that a file in UI format contains.
import { isJsonObject, type JsonObject } from '../../../formats/json.ts';
import { objectsOf, textOf } from '../ui-graph.ts';

/** Type prefixes of group nodes: the current one, and the one before frontend 1.2.63. */
const GROUP_PREFIX = /^workflow[>/]/;
const COMPONENT_PREFIX = /^## /;
/** ` [2c8c61]` at the end of a component's type: the hash of its definition. */
const COMPONENT_HASH = / \[[0-9a-f]{6}\]$/;
const MAX_DEPTH = 50;

export interface Definition {
  readonly kind: 'subgraph' | 'group' | 'component';
  /** The name without prefix and hash. */
  readonly name: string;
  readonly json: JsonObject;
}

/** Returns the definition of a node type; undefined for types that the file does not define. */
export type FindDefinition = (type: string) => Definition | undefined;

/** Indexes the definitions. `components`: those stored beside the file, by type or name. */
export function definitionsIn(
  root: JsonObject,
  components: Readonly<JsonObject> = {},
): FindDefinition {
  const subgraphs = new Map<string, JsonObject>();
  collectSubgraphs(root, subgraphs);
  const extra = isJsonObject(root['extra']) ? root['extra'] : {};
  const groups = isJsonObject(extra['groupNodes']) ? extra['groupNodes'] : {};
  const componentSets = [root['components'], extra['components'], components].filter(isJsonObject);

  return (type) => {
    const subgraph = subgraphs.get(type);
    if (subgraph) return { kind: 'subgraph', name: type, json: subgraph };
    if (GROUP_PREFIX.test(type)) {
      const name = type.replace(GROUP_PREFIX, '');
      const json = ownObject(groups, name);
      return json && { kind: 'group', name, json };
    }
    if (!COMPONENT_PREFIX.test(type)) return undefined;
    const name = type.replace(COMPONENT_PREFIX, '').replace(COMPONENT_HASH, '');
    for (const key of [type, name])
      for (const set of componentSets) {
        const json = ownObject(set, key);
        if (json) return { kind: 'component', name, json };
      }
    return undefined;
  };
}

/** Subgraphs by id, those inside other subgraphs included. */
function collectSubgraphs(json: JsonObject, found: Map<string, JsonObject>, depth = 0): void {
  const definitions = json['definitions'];
  if (!isJsonObject(definitions) || depth > MAX_DEPTH) return;
  for (const definition of objectsOf(definitions['subgraphs'])) {
    const id = textOf(definition['id']);
    if (id !== undefined && !found.has(id)) found.set(id, definition);
    collectSubgraphs(definition, found, depth + 1);
  }
}

function ownObject(json: JsonObject, key: string): JsonObject | undefined {
  const value = Object.hasOwn(json, key) ? json[key] : undefined;
  return isJsonObject(value) ? value : undefined;
}
