// The values of a node's inputs: links followed, widget values converted, lazy inputs requested.
import type { Json } from '../../formats/json.ts';
import { inputOf } from '../../nodes/declare.ts';
import { isOutputLink } from '../../nodes/graph-builder.ts';
import type { Input, Inputs, InputValues } from '../../nodes/input-types.ts';
import { convertWidgetValue, toRunValue } from '../../workflow/input-spec.ts';
import { PythonError } from '../../workflow/validate/python-values.ts';
import type { Execution } from './execution.ts';
import { badValue, missingNode, unconnectedInput } from './failures.ts';
import { blockerIn, type CallValues, type InputLists } from './lists.ts';

export interface NodeInputs {
  /** The values of each declared input, as a list. */
  readonly lists: InputLists;
  /** The inputs whose sources have not run. */
  readonly missing: ReadonlySet<string>;
}

/** Collects the inputs of a node. Throws DR_INPUT_INVALID for a value that can't be converted. */
export function collectInputs({ lookup, dynamic, results }: Execution, id: string): NodeInputs {
  const { node, declaration } = lookup.get(id);
  const lists: Record<string, readonly unknown[]> = {};
  const missing = new Set<string>();
  for (const [name, value] of Object.entries(node.inputs)) {
    const input = inputOf(declaration, name);
    if (!input) continue;
    if (!isOutputLink(value)) {
      // only the prompt holds JSON; values of expanded nodes are of any type
      const given = dynamic.isOriginal(id) ? convert(name, value as Json, input) : value;
      lists[name] = [toRunValue(given, input)];
    } else if (input.rawLink) {
      lists[name] = [value];
    } else {
      const [source, slot] = value;
      const entry = results.of(source);
      if (!entry) missing.add(name);
      lists[name] = entry?.outputs[slot]?.map((item) => toRunValue(item, input)) ?? [undefined];
    }
  }
  return { lists, missing };
}

function convert(name: string, value: Json, input: Input): Json {
  try {
    return convertWidgetValue(value, input);
  } catch (error) {
    throw error instanceof PythonError ? badValue(name, error) : error;
  }
}

/**
 * Calls the node's `needs` for each call and makes the node wait for the sources of the lazy inputs
 * it requests. Returns whether there are any. Throws DR_INPUT_INVALID when nothing is connected to
 * such an input.
 */
export async function requestLazyInputs(
  execution: Execution,
  id: string,
  calls: readonly CallValues[],
  missing: ReadonlySet<string>,
): Promise<boolean> {
  const { lookup, dynamic, signatures, order } = execution;
  const { node } = lookup.get(id);
  let mustWait = false;
  for (const name of await requestedInputs(execution, id, calls)) {
    if (Object.hasOwn(node.inputs, name) && !missing.has(name)) continue;
    const link = node.inputs[name];
    if (!isOutputLink(link)) throw unconnectedInput(name);
    const [source] = link;
    if (!dynamic.node(source)) throw missingNode(source);
    await signatures.sign(source);
    order.wait(id, source);
    mustWait = true;
  }
  return mustWait;
}

/** The lazy inputs that a node requests, given the inputs evaluated so far. */
export async function requestedInputs(
  { lookup, contextOf }: Execution,
  id: string,
  calls: readonly CallValues[],
): Promise<ReadonlySet<string>> {
  const { needs, inputIsList } = lookup.get(id).declaration;
  const requested = new Set<string>();
  if (!needs) return requested;
  for (const [call, values] of calls.entries()) {
    if (blockerIn(values, inputIsList)) continue;
    const names = await needs(values as InputValues<Inputs>, contextOf(id, call));
    for (const name of names) requested.add(name);
  }
  return requested;
}
