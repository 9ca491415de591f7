// Overrides by what they mean (`prompt`, `seed`, `size` …) in place of a node's id: which widgets they set, and to what.
import { DarkroomError } from '../../errors.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import type { Input } from '../../nodes/declare.ts';
import { describeNode, type Graph } from '../api-graph.ts';
import { toFloat, toInt } from '../validate/python-values.ts';
import type { NodeTable } from '../validate/validate.ts';
import { findRoles, type Role, type Roles, type Target } from './roles.ts';

type Changes = readonly (readonly [target: Target, value: Json])[];

interface Workplace {
  readonly graph: Graph;
  readonly roles: Roles;
  /** The first sampler. Throws DR_BAD_USAGE when there is none. */
  readonly sampler: string;
}

interface Shorthand {
  /** Said in the help of the command line. */
  readonly help: string;
  changes(place: Workplace, value: unknown): Changes;
}

const SEEDS = 1n << 64n;
const isSeed = (_: string, input: Input): boolean =>
  input.kind === 'INT' && input.wide && input.control_after_generate === true;
const named =
  (wanted: string, kind: Input['kind']) =>
  (name: string, input: Input): boolean =>
    name === wanted && input.kind === kind;
/** Steps at which a sampler begins and ends: they keep their share of all steps. */
const STEP_PLACES = ['start_at_step', 'end_at_step'];

export const SHORTHANDS = {
  prompt: {
    help: 'the text behind the positive input of the first sampler',
    changes: (place, value) => text(place, 'positive', value),
  },
  negative: {
    help: 'the text behind its negative input',
    changes: (place, value) => text(place, 'negative', value),
  },
  seed: {
    help: 'the seed of the first sampler; all other seeds move along by as much',
    changes: seeds,
  },
  steps: {
    help: 'the steps of the first sampler, and of those with the same number',
    changes: steps,
  },
  cfg: { help: 'the cfg of the first sampler, and of those with the same number', changes: cfg },
  size: { help: 'width and height of the picture, as 1024x768', changes: size },
} as const satisfies Readonly<Record<string, Shorthand>>;

export type ShorthandName = keyof typeof SHORTHANDS;

export const isShorthand = (name: string): name is ShorthandName => Object.hasOwn(SHORTHANDS, name);

/** New inputs by node id. Throws DR_BAD_USAGE when the workflow has nothing that is meant, or several that differ. */
export function shorthandChanges(
  name: ShorthandName,
  value: unknown,
  graph: Graph,
  nodes: NodeTable,
): Map<string, JsonObject> {
  const changes = new Map<string, JsonObject>();
  for (const [{ id, input }, to] of SHORTHANDS[name].changes(workplace(name, graph, nodes), value))
    changes.set(id, { ...changes.get(id), [input]: to });
  return changes;
}

/** The seed that `seed` sets, as it stands in the graph. Throws DR_BAD_USAGE when there is none. */
export function seedOf(graph: Graph, nodes: NodeTable): bigint {
  const place = workplace('seed', graph, nodes);
  return seedAt(place, mainSeed(place));
}

function workplace(name: string, graph: Graph, nodes: NodeTable): Workplace {
  const roles = findRoles(graph, nodes);
  const [sampler] = roles.samplers;
  if (sampler === undefined) throw nothing(name, 'the workflow has no sampler');
  return { graph, roles, sampler };
}

function text({ graph, roles, sampler }: Workplace, role: Role, value: unknown): Changes {
  const name = role === 'positive' ? 'prompt' : 'negative';
  if (typeof value !== 'string') throw bad(name, value, 'a text');
  const targets = roles.texts(sampler, role);
  const where = `'${role}' of ${describeNode(sampler, graph.get(sampler))}`;
  if (targets.length === 0) throw nothing(name, `no text leads to ${where}`);
  const other = roles.texts(sampler, role === 'positive' ? 'negative' : 'positive');
  if (role === 'negative' && targets.some((t) => other.some((o) => same(t, o))))
    throw nothing(name, 'the negative is made from the positive prompt');
  const filled = targets.filter((t) => valueAt(graph, t) !== '');
  const meant = filled.length > 0 ? filled : targets;
  const found = new Set(meant.map((t) => JSON.stringify(valueAt(graph, t))));
  if (found.size > 1)
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${name} can't be set: ${found.size} texts lead to ${where}`,
      hint: `Say which: ${meant.map(({ id, input }) => `--set "${id}.${input}=…"`).join(' or ')}.`,
    });
  const also = roles.samplers
    .slice(1)
    .flatMap((id) => roles.texts(id, role))
    .filter((t) => found.has(JSON.stringify(valueAt(graph, t))));
  return [...meant, ...also].map((t) => [t, value]);
}

function mainSeed({ roles, sampler }: Workplace): Target {
  const target = roles.setting(sampler, isSeed) ?? roles.all(isSeed)[0];
  if (!target) throw nothing('seed', 'the workflow has no seed of its own');
  return target;
}

function seedAt({ graph }: Workplace, target: Target): bigint {
  try {
    return BigInt(toInt(valueAt(graph, target)));
  } catch {
    return 0n;
  }
}

function seeds(place: Workplace, value: unknown): Changes {
  const seed = BigInt(whole('seed', value));
  if (seed < 0n || seed >= SEEDS) throw bad('seed', value, 'a whole number from 0 to 2^64-1');
  const main = mainSeed(place);
  const distance = seed - seedAt(place, main);
  const others = place.roles.all(isSeed).filter((t) => !same(t, main));
  return [main, ...others].map((t) => [t, narrow(BigInt.asUintN(64, seedAt(place, t) + distance))]);
}

function steps(place: Workplace, value: unknown): Changes {
  const count = whole('steps', value);
  const { graph, roles } = place;
  return numbers(place, 'steps', named('steps', 'INT'), count).flatMap(([target]): Changes => {
    const before = Number(toFloat(valueAt(graph, target)));
    const places = STEP_PLACES.flatMap((input): Changes => {
      const widget = Object.hasOwn(graph.get(target.id)!.inputs, input)
        ? roles.widgetOf({ id: target.id, input })
        : undefined;
      const at = widget && Number(toFloat(valueAt(graph, widget)));
      return widget && at !== undefined && at > 0 && at < before
        ? [[widget, Math.round((at * Number(count)) / before)]]
        : [];
    });
    return [[target, count], ...places];
  });
}

function cfg(place: Workplace, value: unknown): Changes {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw bad('cfg', value, 'a number');
  return numbers(place, 'cfg', named('cfg', 'FLOAT'), number);
}

/** The setting of the first sampler, and of the others where it is the same. */
function numbers(
  { graph, roles, sampler }: Workplace,
  name: string,
  is: (name: string, input: Input) => boolean,
  value: Json,
): Changes {
  const target = roles.setting(sampler, is);
  if (!target)
    throw nothing(name, `${describeNode(sampler, graph.get(sampler))} has no ${name} to set`);
  const before = numberAt(graph, target);
  const others = roles.samplers.slice(1).flatMap((id) => roles.setting(id, is) ?? []);
  return [target, ...others.filter((t) => !same(t, target) && numberAt(graph, t) === before)].map(
    (t) => [t, value],
  );
}

function size(place: Workplace, value: unknown): Changes {
  const { graph, roles, sampler } = place;
  const parts =
    typeof value === 'string' ? /^\s*(\d+)\s*[x×*]\s*(\d+)\s*$/i.exec(value) : undefined;
  if (!parts) throw bad('size', value, 'a width and a height, as 1024x768');
  const wanted = [Number(parts[1]), Number(parts[2])] as const;
  const targets = roles.size(sampler) ?? roles.samplers.map((id) => roles.size(id)).find(Boolean);
  if (!targets) throw nothing('size', 'no sampler starts from an empty latent of a given size');
  const before = targets.map((t) => numberAt(graph, t));
  // pairs of the same size elsewhere: other latents, what SDXL is told of the size
  const others = roles
    .all((name, input) => /(^|_)width$/.test(name) && input.kind === 'INT')
    .flatMap((width): [Target, Target][] => {
      const height = { id: width.id, input: width.input.replace(/width$/, 'height') };
      return numberAt(graph, width) === before[0] && numberAt(graph, height) === before[1]
        ? [[width, height]]
        : [];
    });
  return [targets, ...others].flatMap(
    ([width, height]): Changes => [
      [width, wanted[0]],
      [height, wanted[1]],
    ],
  );
}

const same = (a: Target, b: Target): boolean => a.id === b.id && a.input === b.input;
const valueAt = (graph: Graph, { id, input }: Target): Json => graph.get(id)!.inputs[input];
const narrow = (x: bigint): Json => (x <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(x) : x);

function numberAt(graph: Graph, target: Target): number | undefined {
  try {
    return toFloat(valueAt(graph, target));
  } catch {
    return undefined;
  }
}

function whole(name: string, value: unknown): number | bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return value;
  if (typeof value === 'string' && /^\s*\d+\s*$/.test(value)) return toInt(value);
  throw bad(name, value, 'a whole number');
}

const bad = (name: string, value: unknown, wanted: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `${name} is '${String(value)}'`,
    hint: `Give ${wanted}.`,
  });

const nothing = (name: string, why: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `${name} can't be set: ${why}`,
    hint: 'Set the input itself: --set ID.INPUT=VALUE.',
  });
