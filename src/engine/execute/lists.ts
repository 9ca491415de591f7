// Lists between nodes. Every value travels as a list; a node is called once per item, where shorter
// lists repeat their last item. A blocker among the values prevents that one call. After ComfyUI's
// execution.py (map_node_over_list, merge_result_data).
import { DarkroomError } from '../../errors.ts';
import type { NodeDeclaration, NodeResult } from '../../nodes/declare.ts';
import { isOutputLink, type OutputLink } from '../../nodes/graph-builder.ts';
import { type Blocker, blocker, isBlocker } from '../../nodes/socket-values.ts';
import type { NodeUi } from '../events.ts';

/** One list per output. */
export type OutputLists = readonly (readonly unknown[])[];

/** The values of each input by name, as a list. */
export type InputLists = Readonly<Record<string, readonly unknown[]>>;

/** The input values of one call of a node. */
export type CallValues = Readonly<Record<string, unknown>>;

/** The results of a node's calls; undefined for a call that was blocked. */
export type CallResults = readonly (NodeResult | undefined)[];

/** The input values of each call of a node. Throws DR_INPUT_INVALID for an empty list. */
export function callsOf(declaration: NodeDeclaration, lists: InputLists): CallValues[] {
  if (declaration.inputIsList) return [lists];
  const names = Object.keys(lists);
  const empty = names.find((name) => lists[name].length === 0);
  if (empty !== undefined)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `'${empty}' of ${declaration.type} got an empty list`,
      hint: 'The node before it returned no items.',
      input: empty,
    });
  const count = Math.max(1, ...names.map((name) => lists[name].length));
  return Array.from({ length: count }, (_, call) =>
    Object.fromEntries(
      names.map((name) => [name, lists[name][Math.min(call, lists[name].length - 1)]]),
    ),
  );
}

/** The first blocker among the values of a call. `isList`: each value is a whole list. */
export const blockerIn = (values: CallValues, isList = false): Blocker | undefined =>
  Object.values(values)
    .flatMap((value) => (isList ? (value as unknown[]) : [value]))
    .find(isBlocker);

/**
 * Merges the outputs of all calls into one list per output. A call that was blocked (undefined)
 * contributes a blocker without a message to each.
 */
export function mergeOutputs(
  declaration: NodeDeclaration,
  outputsOfCalls: readonly (readonly unknown[] | undefined)[],
): OutputLists {
  const { outputs, dynamicOutput } = declaration;
  const slots = dynamicOutput
    ? Math.max(outputs.length, ...outputsOfCalls.map((values) => values?.length ?? 0))
    : outputs.length;
  return Array.from({ length: slots }, (_, slot) => {
    const values = outputsOfCalls.map((outputs) => (outputs ? outputs[slot] : blocker()));
    return (outputs[slot] ?? dynamicOutput).isList
      ? values.flatMap((value) => (isBlocker(value) ? [value] : (value as readonly unknown[])))
      : values;
  });
}

/**
 * The outputs of a call that expanded, with links replaced by the values they lead to. A link to a
 * list fills an output that is a list; in any other output it stands for as many calls as it has
 * items, each a row of the result.
 */
export function linkedRows(
  { outputs: declared }: NodeDeclaration,
  outputs: readonly unknown[],
  valuesOf: (link: OutputLink) => readonly unknown[],
): (readonly unknown[])[] {
  const columns = outputs.map((value, slot): readonly unknown[] => {
    if (!isOutputLink(value)) return [value];
    const list = valuesOf(value);
    if (!declared[slot]?.isList) return list;
    return [list.length === 1 && isBlocker(list[0]) ? list[0] : list];
  });
  const rows = Math.max(1, ...columns.map((list) => list.length));
  return Array.from({ length: rows }, (_, row) =>
    columns.map((list) => list[Math.min(row, list.length - 1)]),
  );
}

/** What all calls show, in one; undefined when they show nothing. */
export function mergeUi(results: CallResults): NodeUi | undefined {
  const shown = results.flatMap((result) => (result?.ui ? [result.ui] : []));
  if (shown.length === 0) return undefined;
  return Object.fromEntries(
    Object.keys(shown[0]).map((key) => [key, shown.flatMap((ui) => ui[key] ?? [])]),
  );
}
