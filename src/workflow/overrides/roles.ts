// What people mean by "the prompt", "the seed", "the size" of a workflow: the inputs that lead to its first sampler. Found by types and
// wires alone, so that nodes of any pack are understood.
import { type Input, inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import { type Graph, type GraphNode, linkOf } from '../api-graph.ts';
import { socketTypeOf, unionMembers } from '../input-spec.ts';
import type { NodeTable } from '../validate/validate.ts';

/** A widget of a node in a graph. */
export interface Target {
  readonly id: string;
  readonly input: string;
}

export type Role = 'positive' | 'negative';

/** Types that carry a prompt to a sampler. */
const PROMPTED = new Set([
  'CONDITIONING',
  'BASIC_PIPE',
  'DETAILER_PIPE',
  'GUIDER',
  'KSAMPLER',
  'KSAMPLER_ADVANCED',
  'REGIONAL_PROMPTS',
]);
/** Types that carry a sampler's numbers to it. */
const SETTINGS = new Set(['SIGMAS', 'NOISE', 'SAMPLER', 'GUIDER', 'KSAMPLER', 'KSAMPLER_ADVANCED']);
const PICTURES = new Set(['LATENT', 'IMAGE', 'SEGS']);
const ROLE = /(?:^|_)(positive|negative)$/;

interface Wire {
  readonly input: string;
  readonly type: string;
  readonly from: string;
  readonly slot: number;
}

export interface Roles {
  /** The nodes that sample, those behind others later. */
  readonly samplers: readonly string[];
  /** The text widgets behind a sampler's positive or negative input. */
  texts(sampler: string, role: Role): Target[];
  /** The nearest widget that `is` says to be meant, at the sampler or behind what sets it up. */
  setting(sampler: string, is: (name: string, input: Input) => boolean): Target | undefined;
  /** The widgets of width and height of the empty latent that a sampler starts from. */
  size(sampler: string): readonly [width: Target, height: Target] | undefined;
  /** All widgets of the graph (no links) that `is` says to be meant. */
  all(is: (name: string, input: Input) => boolean): Target[];
  /** The widget that gives an input its value: itself, or the one at the other end of its wire. */
  widgetOf(target: Target): Target | undefined;
}

export function findRoles(graph: Graph, nodes: NodeTable): Roles {
  const known = (id: string): { node: GraphNode; declaration: NodeDeclaration } | undefined => {
    const node = graph.get(id);
    const declaration = node && nodes.get(node.classType);
    return declaration && { node, declaration };
  };
  const wires = (id: string): Wire[] => {
    const found = known(id);
    if (!found) return [];
    return Object.entries(found.node.inputs).flatMap(([input, value]) => {
      const declared = inputOf(found.declaration, input);
      const link = declared && linkOf(value);
      return link && graph.has(link.id)
        ? [{ input, type: socketTypeOf(declared), from: link.id, slot: link.slot }]
        : [];
    });
  };
  const widgets = (id: string, is: (name: string, input: Input) => boolean): Target[] => {
    const found = known(id);
    if (!found) return [];
    return Object.keys(found.node.inputs).flatMap((input): Target[] => {
      const declared = inputOf(found.declaration, input);
      return declared && !linkOf(found.node.inputs[input]) && is(input, declared)
        ? [{ id, input }]
        : [];
    });
  };

  const order = ordered(graph, wires);
  const samplers = order.filter((id) => {
    const gives = known(id)?.declaration.outputs.map(({ type }) => type) ?? [];
    return (
      gives.some((type) => PICTURES.has(type)) &&
      !gives.includes('CONDITIONING') &&
      wires(id).some(({ type }) => PROMPTED.has(type))
    );
  });

  /** The widgets nearest behind a node (itself first), along wires of some types. */
  const nearest = (
    start: string,
    find: (id: string) => Target[],
    along: (wire: Wire) => boolean,
  ): Target[] => {
    const seen = new Set([start]);
    for (let level = [start]; level.length > 0; ) {
      const found = level.flatMap(find);
      if (found.length > 0) return found;
      level = level
        .flatMap((id) =>
          wires(id)
            .filter(along)
            .map(({ from }) => from),
        )
        .filter((id) => !seen.has(id) && seen.add(id));
    }
    return [];
  };

  /** The text widgets of a node, those of several lines before others; of inputs that are wired, the texts at the other end. */
  const textsAt = (id: string, role: Role | undefined, seen: Set<string>): Target[] => {
    const found = known(id);
    if (!found || seen.has(id)) return [];
    seen.add(id);
    const declared = Object.entries(found.declaration.inputs).filter(
      ([, { kind }]) => kind === 'STRING',
    );
    const lines = declared.filter(([, input]) => input.kind === 'STRING' && input.multiline);
    const all = (lines.length > 0 ? lines : declared).map(([name]) => name);
    const mine = all.filter((name) => role !== undefined && name.startsWith(role.slice(0, 3)));
    const names = mine.length > 0 ? mine : all;
    const own = widgets(id, (name) => names.includes(name));
    const behind = wires(id).filter(({ input, type }) =>
      names.length > 0 ? names.includes(input) : type === 'STRING' || type === '*',
    );
    return [...own, ...behind.flatMap((wire) => endsOf(wire, seen))];
  };
  /** A text that comes over a wire: from the widget that is called as the output is, else from whatever texts are at the other end. */
  const endsOf = ({ from, slot }: Wire, seen: Set<string>): Target[] => {
    const name = known(from)?.declaration.outputs[slot]?.name;
    const called = nearest(
      from,
      (id) => widgets(id, (input, { kind }) => input === name && kind === 'STRING'),
      () => true,
    );
    return called.length > 0 ? called : textsAt(from, undefined, seen);
  };

  const texts = (sampler: string, role: Role): Target[] => {
    const seen = new Set<string>();
    const targets: Target[] = [];
    const visit = (id: string): void => {
      if (seen.has(id)) return;
      seen.add(id);
      const carriers = wires(id).filter(({ type }) => PROMPTED.has(type));
      if (carriers.length === 0) {
        targets.push(...textsAt(id, role, new Set()));
        return;
      }
      const own = carriers.filter(({ input }) => ROLE.exec(input)?.[1] === role);
      for (const { from } of own.length > 0
        ? own
        : carriers.filter(({ input }) => !ROLE.test(input)))
        visit(from);
    };
    visit(sampler);
    return targets;
  };

  const widgetOf = ({ id, input }: Target): Target | undefined => {
    const found = known(id);
    const declared = found && inputOf(found.declaration, input);
    const link = declared && linkOf(found.node.inputs[input]);
    if (!found || !declared || !Object.hasOwn(found.node.inputs, input)) return undefined;
    if (!link) return { id, input };
    const sameName = nearest(
      link.id,
      (at) =>
        widgets(
          at,
          (name, other) => name === input && socketTypeOf(other) === socketTypeOf(declared),
        ),
      () => true,
    );
    if (sameName.length > 0) return sameName.length === 1 ? sameName[0] : undefined;
    const sameType = nearest(
      link.id,
      (at) => widgets(at, (_, other) => socketTypeOf(other) === socketTypeOf(declared)),
      () => true,
    );
    return sameType.length === 1 ? sameType[0] : undefined;
  };

  return {
    samplers,
    texts,
    setting: (sampler, is) => {
      const has = (id: string): Target[] =>
        Object.entries(known(id)?.declaration.inputs ?? {})
          .filter(([name, input]) => Object.hasOwn(graph.get(id)!.inputs, name) && is(name, input))
          .map(([input]) => ({ id, input }));
      const found = nearest(sampler, has, ({ type }) =>
        unionMembers(type).some((t) => SETTINGS.has(t)),
      )[0];
      return found && widgetOf(found);
    },
    size: (sampler) => {
      const starts = (id: string): Target[] => {
        const inputs = known(id)?.declaration.inputs ?? {};
        const empty =
          inputs['width']?.kind === 'INT' &&
          inputs['height']?.kind === 'INT' &&
          !wires(id).some(({ type }) => PICTURES.has(type));
        return empty && known(id)!.declaration.outputs.some(({ type }) => type === 'LATENT')
          ? [{ id, input: 'width' }]
          : [];
      };
      const [found] = nearest(sampler, starts, ({ type }) => type === 'LATENT');
      const [width, height] = found
        ? [widgetOf(found), widgetOf({ id: found.id, input: 'height' })]
        : [];
      return width && height ? [width, height] : undefined;
    },
    all: (is) => order.flatMap((id) => widgets(id, is)),
    widgetOf,
  };
}

/** Each node after those it needs; a circle is broken somewhere. */
function ordered(graph: Graph, wires: (id: string) => readonly Wire[]): string[] {
  const seen = new Set<string>();
  const done: string[] = [];
  for (const start of graph.keys()) {
    const stack: { id: string; rest: Wire[] }[] = [];
    const enter = (id: string): void => {
      if (seen.has(id)) return;
      seen.add(id);
      stack.push({ id, rest: [...wires(id)] });
    };
    enter(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.rest.shift();
      if (next) enter(next.from);
      else done.push(stack.pop()!.id);
    }
  }
  return done;
}
