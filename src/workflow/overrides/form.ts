// Builds the form of a workflow: first the fields that people change most (prompts, seed, size,
// steps, cfg, models), then all other widgets by node. Inputs are found by their roles (roles.ts),
// not by the names of nodes.
import { isJsonObject, type Json } from '../../formats/json.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import type { Input } from '../../nodes/input-types.ts';
import { type Graph, linkOf } from '../api-graph.ts';
import { optionsOf, socketTypeOf } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import { choiceInputs } from './choice-inputs.ts';
import type {
  Field,
  FieldGroup,
  FieldTarget,
  Follower,
  MissingFile,
  WorkflowForm,
} from './form-types.ts';
import { declaredInput } from './graph-search.ts';
import type { Role } from './prompt-texts.ts';
import { findRoles, isSameTarget, isSeedInput, type Roles, STEP_BOUNDARIES } from './roles.ts';

/** The maximum number of options that a field lists. */
const MAX_OPTIONS = 5000;

/** A form while it is built. */
interface FormState {
  readonly graph: Graph;
  readonly nodes: NodeTable;
  readonly environment: NodeEnvironment;
  readonly roles: Roles;
  readonly main: Field[];
  /** Keys of the widgets that have a field in `main` or are followers of one. */
  readonly used: Set<string>;
}

/** The form of a graph. Inputs that are linked have no fields. */
export function buildForm(
  graph: Graph,
  nodes: NodeTable,
  environment: NodeEnvironment,
): WorkflowForm {
  const roles = findRoles(graph, nodes);
  const state: FormState = { graph, nodes, environment, roles, main: [], used: new Set() };
  addTexts(state, 'positive', 'Prompt');
  addTexts(state, 'negative', 'Negative prompt');
  addSeed(state);
  addSize(state);
  addSteps(state);
  addCfg(state);
  addFiles(state);
  const groups = [...graph.keys()].flatMap((id) => groupOf(state, id));
  const fields = [...state.main, ...groups.flatMap((group) => group.fields)];
  return {
    main: state.main,
    groups,
    missing: fields.flatMap((field) => missingFile(state, field) ?? []),
  };
}

/** Adds a field to `main`, unless its widget is used already or has no field. */
function addField(
  state: FormState,
  target: FieldTarget | undefined,
  label: string,
  followers: readonly Follower[] = [],
): void {
  if (!target || state.used.has(keyOf(target))) return;
  const field = fieldOf(state, target, label, followers);
  if (!field) return;
  state.used.add(keyOf(target));
  state.main.push(field);
}

function fieldOf(
  state: FormState,
  target: FieldTarget,
  label: string,
  followers: readonly Follower[] = [],
): Field | undefined {
  const input = declaredInput(state, target);
  const control = input && controlOf(target.input, input, state.environment);
  if (!input || !control) return undefined;
  const stored = valueAt(state, target);
  const value =
    isJsonObject(stored) && Object.hasOwn(stored, '__value__') ? stored['__value__'] : stored;
  return {
    id: target.id,
    input: target.input,
    label,
    ...control,
    value,
    ...(input.tooltip ? { help: input.tooltip } : {}),
    ...(followers.length > 0 ? { followers } : {}),
  };
}

/** Adds one field for each distinct text of a role; widgets with the same text are followers. */
function addTexts(state: FormState, role: Role, label: string): void {
  const { samplers, texts } = state.roles;
  const found = unique(samplers.flatMap((sampler) => texts(sampler, role)));
  const distinct = found.filter(
    (target, i) => found.findIndex((other) => hasSameValue(state, other, target)) === i,
  );
  for (const target of distinct) {
    const followers = sameFollowers(state, target, found).filter(
      (follower) => !state.used.has(keyOf(follower)),
    );
    addField(state, target, distinct.length === 1 ? label : titleOf(state, target.id), followers);
    for (const follower of followers) state.used.add(keyOf(follower));
  }
}

/** Adds the seed of the first sampler that has one; all other seeds shift with it. */
function addSeed(state: FormState): void {
  const { samplers, setting, all } = state.roles;
  const seeds = all((_, input) => isSeedInput(input));
  const ofSampler = samplers
    .map((sampler) => setting(sampler, (_, input) => isSeedInput(input)))
    .find(Boolean);
  const seed = ofSampler ?? seeds[0];
  if (!seed) return;
  const others = seeds.filter((other) => !isSameTarget(other, seed));
  addField(
    state,
    seed,
    'Seed',
    others.map((other) => ({ ...other, how: 'shift' })),
  );
}

function addSize(state: FormState): void {
  const { samplers, size, all } = state.roles;
  const targets = samplers.map((sampler) => size(sampler)).find(Boolean);
  if (!targets) return;
  for (const [i, side] of (['width', 'height'] as const).entries()) {
    const others = all(
      (name, input) => input.kind === 'INT' && (name === side || name.endsWith(`_${side}`)),
    );
    const label = side === 'width' ? 'Width' : 'Height';
    addField(state, targets[i], label, sameFollowers(state, targets[i], others));
  }
}

function addSteps(state: FormState): void {
  const [steps, ...others] = settingsOfSamplers(state, 'steps', 'INT');
  if (!steps) return;
  const same = sameFollowers(state, steps, others);
  const total = Number(valueAt(state, steps));
  const shares = [steps, ...same].flatMap(({ id }) => stepBoundaries(state, id, total));
  addField(state, steps, 'Steps', [...same, ...shares]);
}

function addCfg(state: FormState): void {
  const [cfg, ...others] = settingsOfSamplers(state, 'cfg', 'FLOAT');
  if (cfg) addField(state, cfg, 'CFG', sameFollowers(state, cfg, others));
}

const settingsOfSamplers = (
  { roles }: FormState,
  name: string,
  kind: Input['kind'],
): FieldTarget[] =>
  unique(
    roles.samplers.flatMap(
      (sampler) =>
        roles.setting(sampler, (other, input) => other === name && input.kind === kind) ?? [],
    ),
  );

/** The first and last steps of an advanced sampler, if they are inside its schedule. */
const stepBoundaries = ({ graph }: FormState, id: string, steps: number): Follower[] =>
  STEP_BOUNDARIES.filter((name) => {
    const { inputs } = graph.get(id)!;
    const step = Object.hasOwn(inputs, name) ? Number(inputs[name]) : Number.NaN;
    return step > 0 && step < steps;
  }).map((input) => ({ id, input, how: 'share' }));

/** Adds model files and input images. */
function addFiles(state: FormState): void {
  const files = state.roles.all(
    (_, input) =>
      input.kind === 'COMBO' && (input.folder !== undefined || input.image_upload === true),
  );
  for (const target of files) addField(state, target, titleOf(state, target.id));
}

/** The group of the remaining fields of a node; empty when there are none. */
function groupOf(state: FormState, id: string): FieldGroup[] {
  const node = state.graph.get(id)!;
  const fields = Object.keys(node.inputs).flatMap((input) => {
    const target = { id, input };
    return state.used.has(keyOf(target)) || linkOf(node.inputs[input])
      ? []
      : (fieldOf(state, target, labelOf(input)) ?? []);
  });
  if (fields.length === 0) return [];
  return [{ id, title: titleOf(state, id), type: node.classType, fields }];
}

/**
 * The value of a list field that its options do not contain. Pictures may also be in a subfolder or
 * another folder, where no list has them (`clipspace/a.png [input]`).
 */
function missingFile(state: FormState, field: Field): MissingFile | undefined {
  const { label, value, options, kind, folder } = field;
  if (!options || typeof value !== 'string' || options.includes(value)) return undefined;
  if (kind === 'picture') return state.environment.hasInput(value) ? undefined : { label, value };
  return { label, value, ...(folder === undefined ? {} : { folder }) };
}

const valueAt = ({ graph }: FormState, { id, input }: FieldTarget): Json =>
  graph.get(id)!.inputs[input];

const hasSameValue = (state: FormState, a: FieldTarget, b: FieldTarget): boolean =>
  String(valueAt(state, a)) === String(valueAt(state, b));

/** The other widgets with the value of `target`, as followers that get the same value. */
const sameFollowers = (
  state: FormState,
  target: FieldTarget,
  others: readonly FieldTarget[],
): Follower[] =>
  others
    .filter((other) => !isSameTarget(other, target) && hasSameValue(state, other, target))
    .map((other) => ({ ...other, how: 'same' }));

function titleOf({ graph, nodes }: FormState, id: string): string {
  const node = graph.get(id)!;
  return node.title ?? nodes.get(node.classType)?.display ?? node.classType;
}

const keyOf = ({ id, input }: FieldTarget): string => JSON.stringify([id, input]);

const unique = (targets: readonly FieldTarget[]): FieldTarget[] => [
  ...new Map(targets.map((target) => [keyOf(target), target])).values(),
];

/** `sampler_name` -> `Sampler name`. */
const labelOf = (input: string): string =>
  input.charAt(0).toUpperCase() + input.slice(1).replaceAll('_', ' ');

type Control = Pick<Field, 'kind' | 'min' | 'max' | 'step' | 'options' | 'choices' | 'folder'>;

/** The control that edits an input; undefined for sockets and for lists that nodes ignore. */
function controlOf(name: string, input: Input, environment: NodeEnvironment): Control | undefined {
  const folder = input.kind === 'COMBO' ? (input.folder ?? input.image_folder) : undefined;
  switch (input.kind) {
    case 'INT':
      return {
        kind: isSeedInput(input) ? 'seed' : 'int',
        min: input.min,
        max: input.max,
        step: input.step ?? 1,
      };
    case 'FLOAT':
      return {
        kind: 'float',
        ...finiteLimit('min', input.min),
        ...finiteLimit('max', input.max),
        ...(input.step ? { step: input.step } : {}),
      };
    case 'STRING':
      return { kind: input.multiline ? 'lines' : 'text' };
    case 'BOOLEAN':
      return { kind: 'switch' };
    case 'COMBO':
      if (input.editorOnly) return undefined;
      return {
        kind: input.image_upload ? 'picture' : 'choice',
        options: optionsOf(input, environment).slice(0, MAX_OPTIONS),
        ...(folder === undefined ? {} : { folder }),
      };
    case 'COMFY_DYNAMICCOMBO_V3':
      return { kind: 'choice', options: input.options, choices: choiceInputs(name, input) };
    default:
      return socketTypeOf(input) === 'STRING' ? { kind: 'text' } : undefined;
  }
}

const finiteLimit = (name: 'min' | 'max', value: number): Partial<Control> =>
  Number.isFinite(value) ? { [name]: value } : {};
