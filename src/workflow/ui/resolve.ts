// Finds the source of an input's value, through reroutes, primitives, bypassed nodes and the
// boundaries of subgraphs. After the editor's ExecutableNodeDTO.
import type { Json } from '../../formats/json.ts';
import type { Scope } from './expand.ts';
import type { NodeTypes } from './node-types.ts';
import { BOUNDARY } from './templates/template.ts';
import { BYPASS, notUi, type UiGraph, type UiInput, type UiNode } from './ui-graph.ts';
import { virtualKind } from './virtual.ts';

/** An output of a node that runs (or is muted), or a value. */
export type Source =
  | { readonly id: string; readonly slot: number }
  | {
      readonly value: Json;
      readonly primitive?: UiNode;
      /** It is the value of a subgraph's widget, which the editor sends as it is. */
      readonly isPromoted?: boolean;
    };

/** The maximum number of inputs and outputs that are visited from an input to its source. */
const MAX_STEPS = 2000;

/**
 * The source of an input; undefined when nothing is connected. Throws DR_WORKFLOW_FORMAT for links
 * that form a cycle.
 */
export const resolveInput = (
  types: NodeTypes,
  scope: Scope,
  node: UiNode,
  socket: UiInput,
): Source | undefined => new Resolution(types, socket.type).input(scope, node, socket);

/** The search for the source of one input of type `#type`. */
class Resolution {
  readonly #types: NodeTypes;
  readonly #type: string;
  readonly #visited = new Set<string>();

  constructor(types: NodeTypes, type: string) {
    this.#types = types;
    this.#type = type;
  }

  /** Follows the link that ends at an input. */
  input(scope: Scope, node: UiNode, socket: UiInput | undefined): Source | undefined {
    const link = socket?.link === undefined ? undefined : scope.graph.links.get(socket.link);
    if (!link) return undefined;
    this.#visit(scope, node, `in ${socket!.name}`);
    if (link.from === BOUNDARY && scope.outer) {
      const outside = this.#boundary(scope.outer, link.slot);
      return outside ?? (socket!.widget === undefined ? this.#shown(scope, link.slot) : undefined);
    }
    const source = scope.graph.nodes.get(link.from);
    return source && this.#output(scope, source, link.slot);
  }

  /** Continues from an inner node's boundary at the input or the widget of the outer node. */
  #boundary(
    { scope, node: outer, template }: NonNullable<Scope['outer']>,
    slot: number,
  ): Source | undefined {
    const templateInput = template.inputs[slot];
    if (!templateInput) return undefined;
    const linked = this.input(scope, outer, this.#types.inputsOf(outer)[slot]);
    if (linked) return linked;
    const value = this.#types.valuesOf(outer).values.get(templateInput.name);
    const isPromoted = template.subgraphName !== undefined;
    return value === undefined ? undefined : { value, isPromoted };
  }

  /** The value of the inner widget that an outer node shows for one of its inputs. */
  #shown({ graph, outer }: Scope, slot: number): Source | undefined {
    const shown = outer?.template.inputs[slot]?.shows;
    const node = shown && graph.nodes.get(shown.node);
    const value = node && this.#types.valuesOf(node).values.get(shown.widget);
    return value === undefined ? undefined : { value };
  }

  #output(scope: Scope, node: UiNode, slot: number): Source | undefined {
    this.#visit(scope, node, `out ${slot}`);
    if (node.mode === BYPASS)
      return this.input(scope, node, bypassedInput(this.#types, node, slot, this.#type));
    const inside = scope.inner.get(node.id);
    return inside ? this.#innerOutput(inside, slot) : this.#virtualOutput(scope, node, slot);
  }

  /** Continues inside a subgraph, group node or component. */
  #innerOutput(inside: Scope, slot: number): Source | undefined {
    const from = inside.outer!.template.outputs[slot]?.from;
    if (from?.node === BOUNDARY) return this.#boundary(inside.outer!, from.slot);
    const source = from && inside.graph.nodes.get(from.node);
    return source && this.#output(inside, source, from.slot);
  }

  /** The output of a node that runs, or the source that a virtual node resolves to. */
  #virtualOutput(scope: Scope, node: UiNode, slot: number): Source | undefined {
    switch (virtualKind(node.type)) {
      case undefined:
        return { id: scope.path + node.id, slot };
      case 'reroute':
      case 'set':
        return this.input(scope, node, this.#types.inputsOf(node)[slot]);
      case 'get': {
        const set = findSetter(scope, node);
        return set && this.input(set.scope, set.node, set.node.inputs[0]);
      }
      case 'primitive': {
        const linked = this.input(
          scope,
          node,
          node.inputs.find((input) => input.name === 'value'),
        );
        if (linked) return linked;
        const value = Array.isArray(node.values) ? (node.values as readonly Json[])[0] : undefined;
        return value === undefined ? undefined : { value, primitive: node };
      }
      default:
        return undefined;
    }
  }

  #visit(scope: Scope, node: UiNode, slot: string): void {
    const id = scope.path + node.id;
    const key = `${id}|${slot}`;
    if (this.#visited.has(key))
      throw notUi(`has links that form a cycle at node ${id} (${node.type})`, id);
    if (this.#visited.size >= MAX_STEPS)
      throw notUi(`has a link through more than ${MAX_STEPS} nodes`, id);
    this.#visited.add(key);
  }
}

/** The set node with the name of a get node, in the same scope or an outer one. */
function findSetter(
  from: Scope,
  getter: UiNode,
): { readonly scope: Scope; readonly node: UiNode } | undefined {
  const name = Array.isArray(getter.values) ? (getter.values as readonly Json[])[0] : undefined;
  for (let scope: Scope | undefined = from; scope; scope = scope.outer?.scope) {
    const node = settersIn(scope.graph).get(name);
    if (node) return { scope, node };
  }
  return undefined;
}

const settersByGraph = new WeakMap<UiGraph, ReadonlyMap<Json | undefined, UiNode>>();

/** The set nodes of a graph by name, of equal names the first. */
function settersIn(graph: UiGraph): ReadonlyMap<Json | undefined, UiNode> {
  const known = settersByGraph.get(graph);
  if (known) return known;
  const setters = new Map<Json | undefined, UiNode>();
  for (const node of graph.nodes.values()) {
    if (virtualKind(node.type) !== 'set' || !Array.isArray(node.values)) continue;
    const [name] = node.values as readonly Json[];
    if (!setters.has(name)) setters.set(name, node);
  }
  settersByGraph.set(graph, setters);
  return setters;
}

/**
 * The input that replaces an output of a bypassed node: the one of the same number if types allow,
 * else the first of exactly the requested type, else the first that can be connected.
 */
function bypassedInput(
  types: NodeTypes,
  node: UiNode,
  slot: number,
  requested: string,
): UiInput | undefined {
  const inputs = types.inputsOf(node);
  if (requested === '*') return inputs[slot] ?? inputs[0];
  const output = types.outputsOf(node)[slot]?.type ?? '*';
  const fits = (input: UiInput | undefined): boolean =>
    input !== undefined && canConnect(input.type, output) && canConnect(input.type, requested);
  if (fits(inputs[slot])) return inputs[slot];
  return inputs.find((input) => input.type === requested) ?? inputs.find(fits);
}

/**
 * Whether the editor connects two types: equal ones (ignoring case), unions that share a
 * member, and any type with `*`.
 */
function canConnect(a: string, b: string): boolean {
  if (a === b || a === '*' || b === '*' || a === '' || b === '') return true;
  const others = b.toLowerCase().split(',');
  return a
    .toLowerCase()
    .split(',')
    .some((type) => type === '*' || others.includes(type) || others.includes('*'));
}
