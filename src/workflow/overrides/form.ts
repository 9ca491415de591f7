// A workflow as a form: what people change first (prompts, seed, size, steps, cfg, models) at the top, all other widgets by node below.
// Found by roles, not by names of nodes.
import { isJsonObject, type Json } from '../../formats/json.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import { type Input, inputOf } from '../../nodes/declare.ts';
import { type Graph, linkOf } from '../api-graph.ts';
import { optionsOf, socketTypeOf } from '../input-spec.ts';
import type { NodeTable } from '../validate/validate.ts';
import type { Field, FieldGroup, Follower, WorkflowForm } from './form-types.ts';
import { findRoles, type Role, type Target } from './roles.ts';

const MAX_OPTIONS = 5000;
/** Steps at which a sampler begins and ends: they keep their share of all steps. */
const STEP_PLACES = ['start_at_step', 'end_at_step'];
const isSeed = (input: Input): boolean =>
  input.kind === 'INT' && input.wide && input.control_after_generate === true;

/** The form of a graph. Inputs that come over a wire are not in it. */
export function buildForm(
  graph: Graph,
  nodes: NodeTable,
  environment: NodeEnvironment,
): WorkflowForm {
  const roles = findRoles(graph, nodes);
  const declared = ({ id, input }: Target): Input | undefined => {
    const declaration = nodes.get(graph.get(id)?.classType ?? '');
    return declaration && inputOf(declaration, input);
  };
  const given = ({ id, input }: Target): Json => graph.get(id)!.inputs[input];
  const titleOf = (id: string): string => {
    const node = graph.get(id)!;
    return node.title ?? nodes.get(node.classType)?.display ?? node.classType;
  };
  const field = (
    target: Target,
    label: string,
    followers: readonly Follower[] = [],
  ): Field | undefined => {
    const input = declared(target);
    const shape = input && shapeOf(input, environment);
    if (!input || !shape) return undefined;
    const raw = given(target);
    const value = isJsonObject(raw) && Object.hasOwn(raw, '__value__') ? raw['__value__'] : raw;
    const more = {
      ...(input.tooltip ? { help: input.tooltip } : {}),
      ...(followers.length > 0 ? { followers } : {}),
    };
    return { id: target.id, input: target.input, label, ...shape, value, ...more };
  };

  const taken = new Set<string>();
  const main: Field[] = [];
  const add = (
    target: Target | undefined,
    label: string,
    followers: readonly Follower[] = [],
  ): void => {
    if (!target || taken.has(keyOf(target))) return;
    const made = field(target, label, followers);
    if (!made) return;
    taken.add(keyOf(target));
    main.push(made);
  };
  const same = (target: Target, others: readonly Target[]): Follower[] =>
    others
      .filter(
        (other) => keyOf(other) !== keyOf(target) && String(given(other)) === String(given(target)),
      )
      .map((other) => ({ ...other, how: 'same' }));

  const texts = (role: Role, label: string): void => {
    const found = unique(roles.samplers.flatMap((sampler) => roles.texts(sampler, role)));
    const leading = found.filter(
      (t, i) => found.findIndex((other) => String(given(other)) === String(given(t))) === i,
    );
    for (const target of leading) {
      const followers = same(target, found).filter(
        ({ id, input }) => !taken.has(keyOf({ id, input })),
      );
      add(target, leading.length === 1 ? label : titleOf(target.id), followers);
      for (const follower of followers) taken.add(keyOf(follower));
    }
  };
  texts('positive', 'Prompt');
  texts('negative', 'Negative prompt');

  const seeds = roles.all((_, input) => isSeed(input));
  const first = roles.samplers
    .map((sampler) => roles.setting(sampler, (_, input) => isSeed(input)))
    .find(Boolean);
  const seed = first ?? seeds[0];
  if (seed)
    add(
      seed,
      'Seed',
      seeds
        .filter((other) => keyOf(other) !== keyOf(seed))
        .map((other) => ({ ...other, how: 'shift' })),
    );

  const size = roles.samplers.map((sampler) => roles.size(sampler)).find(Boolean);
  if (size) {
    const sides = (side: 'width' | 'height'): Target[] =>
      roles.all(
        (name, input) => input.kind === 'INT' && (name === side || name.endsWith(`_${side}`)),
      );
    add(size[0], 'Width', same(size[0], sides('width')));
    add(size[1], 'Height', same(size[1], sides('height')));
  }
  for (const [name, kind, label] of [
    ['steps', 'INT', 'Steps'],
    ['cfg', 'FLOAT', 'CFG'],
  ] as const) {
    const found = unique(
      roles.samplers.flatMap(
        (s) => roles.setting(s, (input, { kind: k }) => input === name && k === kind) ?? [],
      ),
    );
    if (!found[0]) continue;
    const alike = [found[0], ...same(found[0], found)];
    const shares =
      name === 'steps'
        ? alike.flatMap(({ id }) => placesAt(graph, id, Number(given(found[0]))))
        : [];
    add(found[0], label, [...same(found[0], found), ...shares]);
  }
  for (const target of roles.all(
    (_, input) =>
      input.kind === 'COMBO' && (input.folder !== undefined || input.image_upload === true),
  ))
    add(target, declared(target)?.kind === 'COMBO' ? titleOf(target.id) : target.input);

  const groups = [...graph].flatMap(([id, node]): FieldGroup[] => {
    const fields = Object.keys(node.inputs).flatMap((input) => {
      const target = { id, input };
      return taken.has(keyOf(target)) || linkOf(node.inputs[input])
        ? []
        : (field(target, labelOf(input)) ?? []);
    });
    return fields.length > 0 ? [{ id, title: titleOf(id), type: node.classType, fields }] : [];
  });
  const missing = [...main, ...groups.flatMap(({ fields }) => fields)].flatMap((f) => {
    const input = declared(f);
    return f.options &&
      typeof f.value === 'string' &&
      !f.options.includes(f.value) &&
      input?.kind === 'COMBO'
      ? [
          {
            label: f.label,
            value: f.value,
            ...(input.folder === undefined ? {} : { folder: input.folder }),
          },
        ]
      : [];
  });
  return { main, groups, missing };
}

const keyOf = ({ id, input }: Target): string => JSON.stringify([id, input]);
const unique = (targets: readonly Target[]): Target[] => [
  ...new Map(targets.map((t) => [keyOf(t), t])).values(),
];
/** `sampler_name` -> `Sampler name`. */
const labelOf = (input: string): string =>
  input.charAt(0).toUpperCase() + input.slice(1).replaceAll('_', ' ');

function placesAt(graph: Graph, id: string, steps: number): Follower[] {
  const inputs = graph.get(id)!.inputs;
  return STEP_PLACES.filter((name) => {
    const at = Object.hasOwn(inputs, name) ? Number(inputs[name]) : Number.NaN;
    return at > 0 && at < steps;
  }).map((input) => ({ id, input, how: 'share' }));
}

type Shape = Pick<Field, 'kind' | 'min' | 'max' | 'step' | 'options'>;

function shapeOf(input: Input, environment: NodeEnvironment): Shape | undefined {
  switch (input.kind) {
    case 'INT':
      return {
        kind: isSeed(input) ? 'seed' : 'int',
        min: input.min,
        max: input.max,
        step: input.step ?? 1,
      };
    case 'FLOAT':
      return {
        kind: 'float',
        ...finite('min', input.min),
        ...finite('max', input.max),
        ...(input.step ? { step: input.step } : {}),
      };
    case 'STRING':
      return { kind: input.multiline ? 'lines' : 'text' };
    case 'BOOLEAN':
      return { kind: 'switch' };
    case 'COMBO':
      return {
        kind: input.image_upload ? 'picture' : 'choice',
        options: optionsOf(input, environment).slice(0, MAX_OPTIONS),
      };
    default:
      return socketTypeOf(input) === 'STRING' ? { kind: 'text' } : undefined;
  }
}

const finite = (name: 'min' | 'max', value: number): Partial<Shape> =>
  Number.isFinite(value) ? { [name]: value } : {};
