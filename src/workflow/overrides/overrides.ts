// Replaces widget values of a graph before it is checked: `ID.INPUT` (ID is a node id or a title), or what is meant (`prompt`, `seed` …).
import { DarkroomError } from '../../errors.ts';
import { type Json, type JsonObject, parseJson } from '../../formats/json.ts';
import { didYouMean } from '../../near-matches.ts';
import { inputOf } from '../../nodes/declare.ts';
import { describeNode, type Graph, linkOf, withInputs } from '../api-graph.ts';
import { socketTypeOf } from '../input-spec.ts';
import type { NodeTable } from '../validate/validate.ts';
import { isShorthand, SHORTHANDS, type ShorthandName, shorthandChanges } from './shorthands.ts';

/**
 * `ID.INPUT` -> value: a string is converted to what the input takes; anything else is used as it is. `prompt`, `negative`, `seed`, `steps`,
 * `cfg` and `size` find their inputs by themselves.
 */
export type Overrides = Readonly<Record<string, unknown>> & {
  readonly [K in ShorthandName]?: string | number | bigint;
};

/** Reads `ID.INPUT=VALUE` arguments. Throws DR_BAD_USAGE. */
export function parseOverrides(texts: readonly string[]): Overrides {
  const overrides: Record<string, string> = {};
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 0 || !text.slice(0, equals).includes('.'))
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `--set ${text} is not of the form ID.INPUT=VALUE`,
        hint: 'For example --set 3.seed=42 or --set "KSampler.steps=20"; ID is a node id or a title.',
      });
    overrides[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return overrides;
}

/**
 * The graph with the values set; what is set by id wins. Throws DR_BAD_USAGE for unknown or ambiguous nodes and for inputs that the node does
 * not have.
 */
export function applyOverrides(given: Graph, overrides: Overrides, nodes: NodeTable): Graph {
  const graph = Object.keys(SHORTHANDS)
    .filter(isShorthand)
    .filter((name) => overrides[name] !== undefined)
    .reduce(
      (changed, name) =>
        withInputs(changed, shorthandChanges(name, overrides[name], changed, nodes)),
      given,
    );
  const changes = new Map<string, JsonObject>();
  for (const [target, value] of Object.entries(overrides)) {
    if (isShorthand(target)) continue;
    if (!target.includes('.'))
      throw usage(target, 'it is no override', didYouMean(target, Object.keys(SHORTHANDS)), [
        ...Object.keys(SHORTHANDS),
        'ID.INPUT',
      ]);
    const { id, input } = find(graph, target);
    const node = graph.get(id)!;
    const declared = nodes.get(node.classType)?.inputs;
    const declaration = nodes.get(node.classType);
    const found = declaration && inputOf(declaration, input);
    if (declared && !found)
      throw usage(
        target,
        `${describeNode(id, node)} has no input '${input}'`,
        didYouMean(input, Object.keys(declared)),
        Object.keys(declared),
      );
    if (linkOf(node.inputs[input]))
      throw usage(
        target,
        `'${input}' of ${describeNode(id, node)} is connected to another node`,
        'Set the value there.',
        [],
      );
    const type = found && socketTypeOf(found);
    changes.set(id, {
      ...changes.get(id),
      [input]: typeof value === 'string' ? fromText(value, type) : (value as Json),
    });
  }
  return withInputs(graph, changes);
}

function find(graph: Graph, target: string): { id: string; input: string } {
  const names = new Map<string, string[]>();
  for (const [id, node] of graph)
    for (const name of new Set([node.title, node.classType]))
      if (name) names.set(name, [...(names.get(name) ?? []), id]);
  // titles may have dots in them, and so may inputs: the longest name that is a node wins
  for (let dot = target.lastIndexOf('.'); dot > 0; dot = target.lastIndexOf('.', dot - 1)) {
    const name = target.slice(0, dot);
    const input = target.slice(dot + 1);
    if (graph.has(name)) return { id: name, input };
    const ids = names.get(name);
    if (ids?.length === 1) return { id: ids[0], input };
    if (ids)
      throw usage(
        target,
        `${ids.length} nodes are called '${name}'`,
        `Use the node id: ${ids.join(', ')}.`,
        [],
      );
  }
  const name = target.slice(0, Math.max(0, target.lastIndexOf('.')));
  const all = [...graph.keys(), ...names.keys()];
  throw usage(target, `there is no node '${name}' in the workflow`, didYouMean(name, all), all);
}

const usage = (
  target: string,
  what: string,
  hint: string,
  known: readonly string[],
): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `${target} can't be set: ${what}`,
    hint: hint || `There are: ${known.slice(0, 30).join(', ')}.`,
  });

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  False: false,
  no: false,
  off: false,
  0: false,
};

// validation converts digits to numbers as ComfyUI does; its truthiness of "false" would surprise here
function fromText(text: string, type: string | undefined): Json {
  if (type === 'BOOLEAN') return BOOLEANS[text] ?? text;
  if (type !== undefined) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
