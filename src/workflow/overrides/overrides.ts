// Replaces widget values of a graph before it is checked: by node (`ID.INPUT`, where ID is an id, a
// title or a type) or by meaning (`prompt`, `seed` …).

import { DarkroomError } from '../../errors.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { didYouMean } from '../../near-matches.ts';
import { inputOf } from '../../nodes/declare.ts';
import type { Input } from '../../nodes/input-types.ts';
import { flatDeclaration } from '../../nodes/nested-inputs.ts';
import { ownValue } from '../../own-value.ts';
import { describeNode, type Graph, type GraphNode, linkOf, withInputs } from '../api-graph.ts';
import { socketTypeOf } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import { choiceInputs } from './choice-inputs.ts';
import type { FieldTarget } from './form-types.ts';
import { isShorthand, SHORTHANDS, type ShorthandName, shorthandChanges } from './shorthands.ts';

/**
 * `ID.INPUT` -> value: a string is converted to the type of the input, anything else is used as it
 * is. The shorthands `prompt`, `negative`, `seed`, `steps`, `cfg` and `size` set the inputs that
 * have this meaning (shorthands.ts).
 */
export type Overrides = Readonly<Record<string, unknown>> & {
  readonly [K in ShorthandName]?: string | number | bigint;
};

/** Parses `ID.INPUT=VALUE` arguments. Throws DR_BAD_USAGE. */
export function parseOverrides(texts: readonly string[]): Overrides {
  const overrides: Record<string, string> = {};
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 0 || !text.slice(0, equals).includes('.'))
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `--set ${text} is not of the form ID.INPUT=VALUE`,
        hint:
          'For example --set 3.seed=42 or --set "KSampler.steps=20"; ' +
          "ID is a node's id, title or type.",
      });
    overrides[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return overrides;
}

/**
 * The graph with the values set; `ID.INPUT` wins over a shorthand. The inputs of another choice get
 * the values that the editor fills in. Throws DR_BAD_USAGE for unknown
 * and ambiguous nodes, and for inputs that a node does not have.
 */
export function applyOverrides(original: Graph, overrides: Overrides, nodes: NodeTable): Graph {
  const graph = Object.keys(SHORTHANDS)
    .filter(isShorthand)
    .filter((name) => overrides[name] !== undefined)
    .reduce(
      (changed, name) =>
        withInputs(changed, shorthandChanges(name, overrides[name], changed, nodes)),
      original,
    );
  const changes = new Map<string, JsonObject>();
  for (const [target, value] of Object.entries(overrides)) {
    if (isShorthand(target)) continue;
    const { id, input } = findTarget(graph, target);
    const node = withInputs(new Map([[id, graph.get(id)!]]), changes).get(id)!;
    const declared = settableInput(node, nodes, target, { id, input });
    const type = declared && socketTypeOf(declared);
    const given = typeof value === 'string' ? fromText(value, type) : (value as Json);
    const further =
      declared?.kind === 'COMFY_DYNAMICCOMBO_V3' && given !== node.inputs[input]
        ? ownValue(choiceInputs(input, declared), String(given))
        : undefined;
    changes.set(id, { ...changes.get(id), ...further, [input]: given });
  }
  return withInputs(graph, changes);
}

/** The node and input that `ID.INPUT` refers to. Throws DR_BAD_USAGE. */
function findTarget(graph: Graph, target: string): FieldTarget {
  if (!target.includes('.'))
    throw notSettable(target, 'there is no such override', {
      word: target,
      candidates: [...Object.keys(SHORTHANDS), 'ID.INPUT'],
    });
  const idsByName = new Map<string, string[]>();
  for (const [id, node] of graph)
    for (const name of new Set([node.title, node.classType]))
      if (name) idsByName.set(name, [...(idsByName.get(name) ?? []), id]);
  // titles and inputs may contain dots: the longest name of a node wins
  for (let dot = target.lastIndexOf('.'); dot > 0; dot = target.lastIndexOf('.', dot - 1)) {
    const name = target.slice(0, dot);
    const input = target.slice(dot + 1);
    if (graph.has(name)) return { id: name, input };
    const ids = idsByName.get(name);
    if (ids?.length === 1) return { id: ids[0], input };
    if (ids)
      throw notSettable(
        target,
        `${ids.length} nodes are called '${name}'`,
        `Use the node id: ${ids.join(', ')}.`,
      );
  }
  const name = target.slice(0, Math.max(0, target.lastIndexOf('.')));
  throw notSettable(target, `there is no node '${name}' in the workflow`, {
    word: name,
    candidates: [...graph.keys(), ...idsByName.keys()],
  });
}

/** The declaration of an input that may be set; undefined for a node of unknown type. */
function settableInput(
  node: GraphNode,
  nodes: NodeTable,
  target: string,
  { id, input }: FieldTarget,
): Input | undefined {
  const declaration = nodes.get(node.classType);
  const flat = declaration && flatDeclaration(declaration, node.inputs);
  const declared = flat && inputOf(flat, input);
  if (declaration && !declared)
    throw notSettable(target, `${describeNode(id, node)} has no input '${input}'`, {
      word: input,
      candidates: Object.keys(flat?.inputs ?? {}),
    });
  if (linkOf(node.inputs[input]))
    throw notSettable(
      target,
      `'${input}' of ${describeNode(id, node)} is connected to another node`,
      'Set the value at that node.',
    );
  return declared;
}

const MAX_CANDIDATES = 30;

function notSettable(
  target: string,
  reason: string,
  hint: string | { readonly word: string; readonly candidates: readonly string[] },
): DarkroomError {
  const message = `${target} can't be set: ${reason}`;
  if (typeof hint === 'string') return new DarkroomError('DR_BAD_USAGE', { message, hint });
  const { word, candidates } = hint;
  return new DarkroomError('DR_BAD_USAGE', {
    message,
    hint:
      didYouMean(word, candidates) ||
      `Use one of: ${candidates.slice(0, MAX_CANDIDATES).join(', ')}.`,
  });
}

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

/**
 * Converts the text of a BOOLEAN, because Python's bool("false") is true. Validation converts other
 * types as ComfyUI does. For an unknown type, JSON is parsed.
 */
function fromText(text: string, type: string | undefined): Json {
  if (type === 'BOOLEAN') return ownValue(BOOLEANS, text) ?? text;
  if (type !== undefined) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
