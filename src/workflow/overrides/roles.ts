// Finds the inputs that are the prompt, the seed and the size of a workflow: those that lead to its
// first sampler. Uses only socket types and links, so that nodes of any pack work.
import type { Input } from '../../nodes/input-types.ts';
import type { Graph } from '../api-graph.ts';
import { unionMembers } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import type { FieldTarget } from './form-types.ts';
import {
  type DeclaredGraph,
  declaredNode,
  executionOrder,
  findNearest,
  type IncomingLink,
  type InputFilter,
  incomingLinks,
  sourceWidget,
  widgetsOf,
} from './graph-search.ts';
import { carriesPrompt, findPromptTexts, type Role } from './prompt-texts.ts';

/** Socket types that carry a sampler's settings to it. */
const SETTING_TYPES = new Set([
  'SIGMAS',
  'NOISE',
  'SAMPLER',
  'GUIDER',
  'KSAMPLER',
  'KSAMPLER_ADVANCED',
]);
/** Socket types of the data that samplers read and return. */
const SAMPLED_TYPES = new Set(['LATENT', 'IMAGE', 'SEGS']);

/** Inputs of advanced samplers that are step numbers; they scale with the number of steps. */
export const STEP_BOUNDARIES = ['start_at_step', 'end_at_step'];

/** Whether an input is a seed: a 64-bit INT with a control in the editor. */
export const isSeedInput = (input: Input): boolean =>
  input.kind === 'INT' && input.wide && input.control_after_generate === true;

export const isSameTarget = (a: FieldTarget, b: FieldTarget): boolean =>
  a.id === b.id && a.input === b.input;

/** The samplers of a graph, and the inputs that belong to each of them. */
export interface Roles {
  /** The nodes that sample, in the order of execution. */
  readonly samplers: readonly string[];
  /** The text widgets that lead to a sampler's positive or negative input. */
  texts(sampler: string, role: Role): FieldTarget[];
  /** The nearest matching widget, at the sampler or upstream over links that carry settings. */
  setting(sampler: string, matches: InputFilter): FieldTarget | undefined;
  /** The width and height widgets of the empty latent that a sampler starts from. */
  size(sampler: string): readonly [width: FieldTarget, height: FieldTarget] | undefined;
  /** All matching widgets of the graph, in the order of execution. */
  all(matches: InputFilter): FieldTarget[];
  /** The widget that an input's value comes from: the input itself, or one upstream of its link. */
  widgetOf(target: FieldTarget): FieldTarget | undefined;
}

/** Finds the samplers of a graph; their inputs are searched when they are requested. */
export function findRoles(graph: Graph, nodes: NodeTable): Roles {
  const declared: DeclaredGraph = { graph, nodes };
  const order = executionOrder(declared);
  return {
    samplers: order.filter((id) => isSampler(declared, id)),
    texts: (sampler, role) => findPromptTexts(declared, sampler, role),
    setting: (sampler, matches) => findSetting(declared, sampler, matches),
    size: (sampler) => findSize(declared, sampler),
    all: (matches) => order.flatMap((id) => widgetsOf(declared, id, matches)),
    widgetOf: (target) => sourceWidget(declared, target),
  };
}

/** Whether a node reads a prompt and returns latents, images or SEGS, but no conditioning. */
function isSampler(declared: DeclaredGraph, id: string): boolean {
  const types = declaredNode(declared, id)?.declaration.outputs.map(({ type }) => type) ?? [];
  return (
    types.some((type) => SAMPLED_TYPES.has(type)) &&
    !types.includes('CONDITIONING') &&
    incomingLinks(declared, id).some(carriesPrompt)
  );
}

function findSetting(
  declared: DeclaredGraph,
  sampler: string,
  matches: InputFilter,
): FieldTarget | undefined {
  const matchingInputs = (id: string): FieldTarget[] => {
    const found = declaredNode(declared, id);
    return Object.entries(found?.declaration.inputs ?? {})
      .filter(([name, input]) => Object.hasOwn(found!.node.inputs, name) && matches(name, input))
      .map(([name]) => ({ id, input: name }));
  };
  const carriesSettings = ({ type }: IncomingLink): boolean =>
    unionMembers(type).some((member) => SETTING_TYPES.has(member));
  const [found] = findNearest(declared, sampler, matchingInputs, carriesSettings);
  return found && sourceWidget(declared, found);
}

function findSize(
  declared: DeclaredGraph,
  sampler: string,
): readonly [width: FieldTarget, height: FieldTarget] | undefined {
  const [found] = findNearest(
    declared,
    sampler,
    (id) => (createsLatent(declared, id) ? [{ id, input: 'width' }] : []),
    ({ type }) => type === 'LATENT',
  );
  const width = found && sourceWidget(declared, found);
  const height = found && sourceWidget(declared, { id: found.id, input: 'height' });
  return width && height ? [width, height] : undefined;
}

/** Whether a node creates an empty latent of a width and height. */
function createsLatent(declared: DeclaredGraph, id: string): boolean {
  const declaration = declaredNode(declared, id)?.declaration;
  return (
    declaration?.inputs['width']?.kind === 'INT' &&
    declaration.inputs['height']?.kind === 'INT' &&
    !incomingLinks(declared, id).some(({ type }) => SAMPLED_TYPES.has(type)) &&
    declaration.outputs.some(({ type }) => type === 'LATENT')
  );
}
