// A graph together with the declarations of its nodes: links, widgets, and the search for the
// nearest node upstream of another. Nodes without a declaration have neither links nor widgets
// here.
import { inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import type { Input } from '../../nodes/input-types.ts';
import { flatDeclaration } from '../../nodes/nested-inputs.ts';
import { type Graph, type GraphNode, linkOf } from '../api-graph.ts';
import { socketTypeOf } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import type { FieldTarget } from './form-types.ts';

export interface DeclaredGraph {
  readonly graph: Graph;
  readonly nodes: NodeTable;
}

/** A link that ends at an input of a node. */
export interface IncomingLink {
  readonly input: string;
  /** Socket type of the input. */
  readonly type: string;
  /** Id of the node that the link comes from. */
  readonly from: string;
  readonly slot: number;
}

/** Selects inputs by name and declaration. */
export type InputFilter = (name: string, input: Input) => boolean;

/** Returns a node with its declaration; undefined for unknown ids and types. */
export function declaredNode(
  { graph, nodes }: DeclaredGraph,
  id: string,
): { readonly node: GraphNode; readonly declaration: NodeDeclaration } | undefined {
  const node = graph.get(id);
  const declaration = node && nodes.get(node.classType);
  return declaration && { node, declaration: flatDeclaration(declaration, node.inputs) };
}

/** The declaration of an input. */
export function declaredInput(graph: DeclaredGraph, { id, input }: FieldTarget): Input | undefined {
  const declaration = declaredNode(graph, id)?.declaration;
  return declaration && inputOf(declaration, input);
}

/** The links that end at a node. */
export function incomingLinks(declared: DeclaredGraph, id: string): IncomingLink[] {
  const found = declaredNode(declared, id);
  if (!found) return [];
  return Object.entries(found.node.inputs).flatMap(([name, value]) => {
    const input = inputOf(found.declaration, name);
    const link = input && linkOf(value);
    return link && declared.graph.has(link.id)
      ? [{ input: name, type: socketTypeOf(input), from: link.id, slot: link.slot }]
      : [];
  });
}

/** The inputs of a node that have a value of their own, not a link. */
export function widgetsOf(
  declared: DeclaredGraph,
  id: string,
  matches: InputFilter,
): FieldTarget[] {
  const found = declaredNode(declared, id);
  if (!found) return [];
  return Object.keys(found.node.inputs).flatMap((name): FieldTarget[] => {
    const input = inputOf(found.declaration, name);
    return input && !linkOf(found.node.inputs[name]) && matches(name, input)
      ? [{ id, input: name }]
      : [];
  });
}

/**
 * Searches breadth-first against the direction of the links that `follows` accepts. Returns the
 * targets that `find` returns for `start`, or else for the nearest nodes upstream that have any.
 */
export function findNearest(
  declared: DeclaredGraph,
  start: string,
  find: (id: string) => FieldTarget[],
  follows: (link: IncomingLink) => boolean = () => true,
): FieldTarget[] {
  const visited = new Set([start]);
  for (let level = [start]; level.length > 0; ) {
    const found = level.flatMap(find);
    if (found.length > 0) return found;
    level = level
      .flatMap((id) => incomingLinks(declared, id).filter(follows))
      .map(({ from }) => from)
      .filter((id) => !visited.has(id) && visited.add(id));
  }
  return [];
}

/**
 * The widget that an input's value comes from: the input itself or, if it is linked, the nearest
 * widget upstream with the same name (else with the same type). Undefined when there is none, or
 * more than one at the same distance.
 */
export function sourceWidget(
  declared: DeclaredGraph,
  target: FieldTarget,
): FieldTarget | undefined {
  const input = declaredInput(declared, target);
  const inputs = declared.graph.get(target.id)?.inputs;
  if (!input || !inputs || !Object.hasOwn(inputs, target.input)) return undefined;
  const link = linkOf(inputs[target.input]);
  if (!link) return { id: target.id, input: target.input };
  const isSameType = (other: Input): boolean => socketTypeOf(other) === socketTypeOf(input);
  const nearestWidgets = (matches: InputFilter): FieldTarget[] =>
    findNearest(declared, link.id, (id) => widgetsOf(declared, id, matches));
  const sameName = nearestWidgets((name, other) => name === target.input && isSameType(other));
  const found = sameName.length > 0 ? sameName : nearestWidgets((_, other) => isSameType(other));
  return found.length === 1 ? found[0] : undefined;
}

/**
 * Node ids in the order of execution: each after those that it needs. In a cycle, one link is
 * ignored.
 */
export function executionOrder(declared: DeclaredGraph): string[] {
  const entered = new Set<string>();
  const finished: string[] = [];
  for (const start of declared.graph.keys()) {
    const stack: { id: string; remaining: IncomingLink[] }[] = [];
    const enter = (id: string): void => {
      if (entered.has(id)) return;
      entered.add(id);
      stack.push({ id, remaining: incomingLinks(declared, id) });
    };
    enter(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.remaining.shift();
      if (next) enter(next.from);
      else finished.push(stack.pop()!.id);
    }
  }
  return finished;
}
