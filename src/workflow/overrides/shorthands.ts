// Shorthands: overrides by meaning (`prompt`, `seed`, `size` …) instead of by node id. Determines
// which widgets they set, and to which values.
import { DarkroomError } from '../../errors.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import type { Input } from '../../nodes/input-types.ts';
import { describeNode, type Graph } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { toFloat, toInt } from '../validate/python-values.ts';
import type { FieldTarget } from './form-types.ts';
import type { InputFilter } from './graph-search.ts';
import type { Role } from './prompt-texts.ts';
import { findRoles, isSameTarget, isSeedInput, type Roles, STEP_BOUNDARIES } from './roles.ts';

type Changes = readonly (readonly [target: FieldTarget, value: Json])[];

interface WorkflowRoles {
  readonly graph: Graph;
  readonly roles: Roles;
  /** The first sampler. */
  readonly sampler: string;
}

interface Shorthand {
  /** Describes what it sets, in the help of the command line. */
  readonly help: string;
  changes(workflow: WorkflowRoles, value: unknown): Changes;
}

/** Seeds have 64 bits. */
const SEED_COUNT = 1n << 64n;

export const SHORTHANDS = {
  prompt: {
    help: 'the text behind the positive input of the first sampler',
    changes: (workflow, value) => textChanges(workflow, 'positive', value),
  },
  negative: {
    help: 'the text behind its negative input',
    changes: (workflow, value) => textChanges(workflow, 'negative', value),
  },
  seed: {
    help: 'the seed of the first sampler; all other seeds shift by the same amount',
    changes: seedChanges,
  },
  steps: {
    help: 'the steps of the first sampler, and of all others with the same number',
    changes: stepsChanges,
  },
  cfg: {
    help: 'the cfg of the first sampler, and of all others with the same value',
    changes: cfgChanges,
  },
  size: { help: 'the width and height of the image, such as 1024x768', changes: sizeChanges },
} as const satisfies Readonly<Record<string, Shorthand>>;

export type ShorthandName = keyof typeof SHORTHANDS;

export const isShorthand = (name: string): name is ShorthandName => Object.hasOwn(SHORTHANDS, name);

/**
 * The inputs that a shorthand sets, by node id. Throws DR_BAD_USAGE when the workflow has no such
 * widget, or several with different values.
 */
export function shorthandChanges(
  name: ShorthandName,
  value: unknown,
  graph: Graph,
  nodes: NodeTable,
): Map<string, JsonObject> {
  const changes = new Map<string, JsonObject>();
  const workflow = workflowRoles(name, graph, nodes);
  for (const [{ id, input }, newValue] of SHORTHANDS[name].changes(workflow, value))
    changes.set(id, { ...changes.get(id), [input]: newValue });
  return changes;
}

/** The current value of the seed that `seed` sets. Throws DR_BAD_USAGE when there is none. */
export function seedOf(graph: Graph, nodes: NodeTable): bigint {
  const workflow = workflowRoles('seed', graph, nodes);
  return seedAt(graph, mainSeed(workflow));
}

function workflowRoles(name: string, graph: Graph, nodes: NodeTable): WorkflowRoles {
  const roles = findRoles(graph, nodes);
  const [sampler] = roles.samplers;
  if (sampler === undefined) throw notSettable(name, 'the workflow has no sampler');
  return { graph, roles, sampler };
}

function textChanges(
  { graph, roles, sampler }: WorkflowRoles,
  role: Role,
  value: unknown,
): Changes {
  const name = role === 'positive' ? 'prompt' : 'negative';
  if (typeof value !== 'string') throw badValue(name, value, 'a text');
  const targets = roles.texts(sampler, role);
  const samplerInput = `'${role}' of ${describeNode(sampler, graph.get(sampler))}`;
  if (targets.length === 0) throw notSettable(name, `no text leads to ${samplerInput}`);
  const positives = role === 'negative' ? roles.texts(sampler, 'positive') : [];
  if (targets.some((target) => positives.some((other) => isSameTarget(target, other))))
    throw notSettable(name, 'the negative conditioning is derived from the positive prompt');
  const filled = targets.filter((target) => valueAt(graph, target) !== '');
  const chosen = filled.length > 0 ? filled : targets;
  const values = new Set(chosen.map((target) => JSON.stringify(valueAt(graph, target))));
  if (values.size > 1) {
    const options = chosen.map(({ id, input }) => `--set "${id}.${input}=…"`);
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${name} can't be set: ${values.size} texts lead to ${samplerInput}`,
      hint: `Set one of them: ${options.join(' or ')}.`,
    });
  }
  const ofOtherSamplers = roles.samplers
    .slice(1)
    .flatMap((id) => roles.texts(id, role))
    .filter((target) => values.has(JSON.stringify(valueAt(graph, target))));
  return [...chosen, ...ofOtherSamplers].map((target) => [target, value]);
}

const isSeed: InputFilter = (_, input) => isSeedInput(input);

/** The seed of the first sampler, else the first seed of the workflow. */
function mainSeed({ roles, sampler }: WorkflowRoles): FieldTarget {
  const target = roles.setting(sampler, isSeed) ?? roles.all(isSeed)[0];
  if (!target) throw notSettable('seed', 'no seed is set in the workflow');
  return target;
}

function seedAt(graph: Graph, target: FieldTarget): bigint {
  try {
    return BigInt(toInt(valueAt(graph, target)));
  } catch {
    return 0n;
  }
}

function seedChanges(workflow: WorkflowRoles, value: unknown): Changes {
  const { graph, roles } = workflow;
  const seed = BigInt(wholeNumber('seed', value));
  if (seed < 0n || seed >= SEED_COUNT)
    throw badValue('seed', value, 'a whole number from 0 to 2^64-1');
  const main = mainSeed(workflow);
  const shift = seed - seedAt(graph, main);
  const others = roles.all(isSeed).filter((target) => !isSameTarget(target, main));
  return [main, ...others].map((target) => [
    target,
    narrowest(BigInt.asUintN(64, seedAt(graph, target) + shift)),
  ]);
}

function stepsChanges(workflow: WorkflowRoles, value: unknown): Changes {
  const { graph, roles } = workflow;
  const steps = wholeNumber('steps', value);
  return settingChanges(workflow, 'steps', 'INT', steps).flatMap(([target]): Changes => {
    const stepsBefore = numberAt(graph, target) ?? 0;
    const boundaries = STEP_BOUNDARIES.flatMap((input): Changes => {
      const widget = Object.hasOwn(graph.get(target.id)!.inputs, input)
        ? roles.widgetOf({ id: target.id, input })
        : undefined;
      const step = widget && numberAt(graph, widget);
      return widget && step !== undefined && step > 0 && step < stepsBefore
        ? [[widget, Math.round((step * Number(steps)) / stepsBefore)]]
        : [];
    });
    return [[target, steps], ...boundaries];
  });
}

function cfgChanges(workflow: WorkflowRoles, value: unknown): Changes {
  const cfg = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof cfg !== 'number' || !Number.isFinite(cfg)) throw badValue('cfg', value, 'a number');
  return settingChanges(workflow, 'cfg', 'FLOAT', cfg);
}

/** Sets a number of the first sampler, and of others that have the same value. */
function settingChanges(
  { graph, roles, sampler }: WorkflowRoles,
  name: string,
  kind: Input['kind'],
  value: Json,
): Changes {
  const matches: InputFilter = (other, input) => other === name && input.kind === kind;
  const target = roles.setting(sampler, matches);
  if (!target)
    throw notSettable(name, `${describeNode(sampler, graph.get(sampler))} has no ${name} to set`);
  const before = numberAt(graph, target);
  const others = roles.samplers
    .slice(1)
    .flatMap((id) => roles.setting(id, matches) ?? [])
    .filter((other) => !isSameTarget(other, target) && numberAt(graph, other) === before);
  return [target, ...others].map((changed) => [changed, value]);
}

/** The side of a latent cell in pixels. */
const CELL = 8;

/** A sentence about a size whose sides are no multiples of 8, which images have. */
export function sizeNote(value: unknown): string | undefined {
  const sides = sidesOf(value);
  const rounded = sides?.map((side) => side - (side % CELL));
  if (!sides || !rounded || rounded.every((side, i) => side === sides[i])) return undefined;
  return (
    `the size ${sides.join('x')} is rounded to ${rounded.join('x')}: ` +
    `sides are multiples of ${CELL} pixels`
  );
}

function sidesOf(value: unknown): number[] | undefined {
  const parts =
    typeof value === 'string' ? /^\s*(\d+)\s*[x×*]\s*(\d+)\s*$/i.exec(value) : undefined;
  return parts?.slice(1).map(Number);
}

function sizeChanges({ graph, roles, sampler }: WorkflowRoles, value: unknown): Changes {
  const sides = sidesOf(value);
  if (!sides) throw badValue('size', value, 'a width and a height, such as 1024x768');
  const targets = roles.size(sampler) ?? roles.samplers.map((id) => roles.size(id)).find(Boolean);
  if (!targets) throw notSettable('size', 'no sampler starts from an empty latent of a given size');
  const [width, height] = targets.map((target) => numberAt(graph, target));
  // other pairs of the same size: further latents, the size inputs of SDXL's text encoding
  const others = roles
    .all((name, input) => /(^|_)width$/.test(name) && input.kind === 'INT')
    .map((target): [FieldTarget, FieldTarget] => [
      target,
      { id: target.id, input: target.input.replace(/width$/, 'height') },
    ])
    .filter(([w, h]) => numberAt(graph, w) === width && numberAt(graph, h) === height);
  return [targets, ...others].flatMap(
    ([w, h]): Changes => [
      [w, sides[0]],
      [h, sides[1]],
    ],
  );
}

const valueAt = (graph: Graph, { id, input }: FieldTarget): Json => graph.get(id)!.inputs[input];

/** A number if that is exact, else a bigint. */
const narrowest = (x: bigint): Json => (x <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(x) : x);

function numberAt(graph: Graph, target: FieldTarget): number | undefined {
  try {
    return toFloat(valueAt(graph, target));
  } catch {
    return undefined;
  }
}

function wholeNumber(name: string, value: unknown): number | bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return value;
  try {
    if (typeof value === 'string' && /^\s*\d+\s*$/.test(value)) return toInt(value);
  } catch {
    // it has more digits than Python reads
  }
  throw badValue(name, value, 'a whole number');
}

/** The number of characters of a value that an error quotes. */
const QUOTED = 120;

function badValue(name: string, value: unknown, expected: string): DarkroomError {
  const text = String(value);
  const quoted = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
  return new DarkroomError('DR_BAD_USAGE', {
    message: `${name} can't be '${quoted}'`,
    hint: `Give ${expected}.`,
  });
}

const notSettable = (name: string, reason: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `${name} can't be set: ${reason}`,
    hint: 'Set the input itself: --set ID.INPUT=VALUE.',
  });
