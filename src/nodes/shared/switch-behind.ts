// The switch that lets a workflow run without the result of a node.
import { isJsonObject, type Json } from '../../formats/json.ts';
import type { NodeContext } from '../context.ts';

/** The value of an input that turns a node off. */
export interface Setting {
  readonly id: string;
  readonly input: string;
  readonly value: boolean;
}

/** What turns off the inputs of a switch, by class type. */
const SWITCHES: ReadonlyMap<Json | undefined, ReadonlyMap<string, boolean>> = new Map([
  [
    'ComfySwitchNode',
    new Map([
      ['on_true', false],
      ['on_false', true],
    ]),
  ],
]);
const SWITCH = 'switch';
/** The input of nodes that only hold a value. */
const VALUE = 'value';

interface PromptNode {
  readonly class_type?: Json;
  readonly inputs: Readonly<Record<string, Json>>;
}

/**
 * The setting of the nearest switch that a node's result is linked to, directly or through other
 * nodes; undefined where there is none, or where a computed value sets it.
 */
export function switchBehind({ nodeId, prompt }: NodeContext): Setting | undefined {
  const nodes = Object.entries(prompt()).flatMap(([id, node]): [string, PromptNode][] =>
    isJsonObject(node) && isJsonObject(node['inputs'])
      ? [[id, { class_type: node['class_type'], inputs: node['inputs'] }]]
      : [],
  );
  const seen = new Set([nodeId]);
  // grows while it is read: a breadth-first search
  for (const source of seen)
    for (const [id, node] of nodes)
      for (const [name, value] of Object.entries(node.inputs)) {
        if (sourceOf(value) !== source) continue;
        const off = SWITCHES.get(node.class_type)?.get(name);
        if (off !== undefined) return settingOf(id, node, off, new Map(nodes));
        seen.add(id);
      }
  return undefined;
}

const sourceOf = (value: Json): Json | undefined =>
  Array.isArray(value) && value.length === 2 ? value[0] : undefined;

/** Where the value of a switch is set: at the switch, or at a node that holds it. */
function settingOf(
  id: string,
  { inputs }: PromptNode,
  value: boolean,
  nodes: ReadonlyMap<string, PromptNode>,
): Setting | undefined {
  const source = sourceOf(inputs[SWITCH]);
  if (typeof source !== 'string') return { id, input: SWITCH, value };
  const held = nodes.get(source)?.inputs[VALUE];
  return typeof held === 'boolean' ? { id: source, input: VALUE, value } : undefined;
}
