// Where an input's value comes from, through reroutes, primitives, bypassed nodes and the borders of subgraphs. After the editor's
// ExecutableNodeDTO: a bypassed output shows the input of its own number if types allow, else the first of exactly that type, else the
// first that can be connected.
import type { Json } from '../../formats/json.ts';
import type { Scope } from './expand.ts';
import type { NodeTypes } from './node-types.ts';
import { BOUNDARY } from './template.ts';
import { BYPASS, notUi, type UiInput, type UiNode } from './ui-graph.ts';
import { virtualKind } from './virtual.ts';

/** An output of a node that runs (or is muted), or a value. */
export type Source =
  | { readonly id: string; readonly slot: number }
  | { readonly value: Json; readonly primitive?: UiNode };

const MAX_STEPS = 2000;

/** The source of an input; undefined when nothing is connected. Throws DR_WORKFLOW_FORMAT for links that go in a circle. */
export function resolveInput(
  types: NodeTypes,
  from: Scope,
  node: UiNode,
  socket: UiInput,
): Source | undefined {
  const seen = new Set<string>();
  const enter = (scope: Scope, at: UiNode, where: string): void => {
    const key = `${scope.path}${at.id}|${where}`;
    if (seen.has(key))
      throw notUi(
        `has links that go in a circle at node ${scope.path}${at.id} (${at.type})`,
        scope.path + at.id,
      );
    if (seen.size >= MAX_STEPS)
      throw notUi(`has a wire through more than ${MAX_STEPS} nodes`, scope.path + at.id);
    seen.add(key);
  };

  const input = (
    scope: Scope,
    at: UiNode,
    socket: UiInput | undefined,
    type: string,
  ): Source | undefined => {
    const link = socket?.link === undefined ? undefined : scope.graph.links.get(socket.link);
    if (!link) return undefined;
    enter(scope, at, `in ${socket!.name}`);
    if (link.from === BOUNDARY && scope.outer) return border(scope.outer, link.slot, type);
    const source = scope.graph.nodes.get(link.from);
    return source && output(scope, source, link.slot, type);
  };

  const border = (
    { scope, node: outer, template }: NonNullable<Scope['outer']>,
    slot: number,
    type: string,
  ): Source | undefined => {
    const wanted = template.inputs[slot];
    if (!wanted) return undefined;
    const linked = input(scope, outer, types.inputsOf(outer)[slot], type);
    if (linked) return linked;
    const value = types.valuesOf(outer).values.get(wanted.name);
    return value === undefined ? undefined : { value };
  };

  const output = (scope: Scope, at: UiNode, slot: number, type: string): Source | undefined => {
    enter(scope, at, `out ${slot}`);
    if (at.mode === BYPASS) return input(scope, at, bypassed(types, at, slot, type), type);
    const inside = scope.inner.get(at.id);
    if (inside) {
      const shown = inside.outer!.template.outputs[slot]?.from;
      if (shown?.node === BOUNDARY) return border(inside.outer!, shown.slot, type);
      const source = shown && inside.graph.nodes.get(shown.node);
      return source && output(inside, source, shown.slot, type);
    }
    switch (virtualKind(at.type)) {
      case undefined:
        return { id: scope.path + at.id, slot };
      case 'wire':
      case 'set':
        return input(scope, at, types.inputsOf(at)[slot], type);
      case 'get': {
        const set = setter(scope, at);
        return set && input(set.scope, set.node, set.node.inputs[0], type);
      }
      case 'value': {
        const own = at.inputs.find((i) => i.name === 'value');
        const outside = own && input(scope, at, own, type);
        if (outside) return outside;
        const value = Array.isArray(at.values) ? (at.values as readonly Json[])[0] : undefined;
        return value === undefined ? undefined : { value, primitive: at };
      }
      default:
        return undefined;
    }
  };

  return input(from, node, socket, socket.type);
}

/** The beginning of a wire by name, in this scope or around it. */
function setter(from: Scope, get: UiNode): { scope: Scope; node: UiNode } | undefined {
  const name = Array.isArray(get.values) ? get.values[0] : undefined;
  for (let scope: Scope | undefined = from; scope; scope = scope.outer?.scope)
    for (const node of scope.graph.nodes.values())
      if (virtualKind(node.type) === 'set' && Array.isArray(node.values) && node.values[0] === name)
        return { scope, node };
  return undefined;
}

/** The input that stands in for an output of a bypassed node. */
function bypassed(
  types: NodeTypes,
  node: UiNode,
  slot: number,
  wanted: string,
): UiInput | undefined {
  const inputs = types.inputsOf(node);
  if (wanted === '*') return inputs[slot] ?? inputs[0];
  const output = types.outputsOf(node)[slot]?.type ?? '*';
  const fits = (input: UiInput | undefined): boolean =>
    input !== undefined && connects(input.type, output) && connects(input.type, wanted);
  if (fits(inputs[slot])) return inputs[slot];
  return inputs.find((input) => input.type === wanted) ?? inputs.find(fits);
}

/** Whether the editor lets two types be connected: equal whatever the case, one of a list, or anything with `*`. */
export function connects(a: string, b: string): boolean {
  if (a === b || a === '*' || b === '*' || a === '' || b === '') return true;
  const others = b.toLowerCase().split(',');
  return a
    .toLowerCase()
    .split(',')
    .some((type) => type === '*' || others.includes(type) || others.includes('*'));
}
