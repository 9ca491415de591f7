// Lists between nodes: every value travels as a list; a node runs once per item, shorter lists repeating their last.
// A blocker among the values keeps that one run from happening. After ComfyUI's execution.py (map_node_over_list, merge_result_data).
import { DarkroomError } from '../../errors.ts';
import type { NodeDeclaration, NodeResult } from '../../nodes/declare.ts';
import { isOutputLink, type OutputLink } from '../../nodes/graph-builder.ts';
import { type Blocker, blocker, isBlocker } from '../../nodes/socket-values.ts';
import type { NodeUi } from '../events.ts';

/** One list per output. */
export type OutputLists = readonly (readonly unknown[])[];

export type InputLists = Readonly<Record<string, readonly unknown[]>>;

type Values = Readonly<Record<string, unknown>>;

/** The values of each run of a node over its lists of inputs. Throws DR_INPUT_INVALID for an empty list. */
export function roundsOf(declaration: NodeDeclaration, lists: InputLists): Values[] {
  if (declaration.inputIsList) return [lists];
  const names = Object.keys(lists);
  const empty = names.find((name) => lists[name].length === 0);
  if (empty !== undefined)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `'${empty}' of ${declaration.type} got an empty list`,
      hint: 'The node before it found nothing to give on.',
      input: empty,
    });
  const count = Math.max(1, ...names.map((name) => lists[name].length));
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      names.map((name) => [name, lists[name][Math.min(i, lists[name].length - 1)]]),
    ),
  );
}

/** The first blocker among the values of a run. */
export const blockerIn = (values: Values, isList = false): Blocker | undefined =>
  Object.values(values)
    .flatMap((value) => (isList ? (value as unknown[]) : [value]))
    .find(isBlocker);

/** One list per output from the outputs of all runs; every output of a run that was blocked (undefined) blocks, silently. */
export function mergeOutputs(
  declaration: NodeDeclaration,
  results: readonly (readonly unknown[] | undefined)[],
): OutputLists {
  const { outputs, moreOutputs } = declaration;
  const slots = moreOutputs
    ? Math.max(outputs.length, ...results.map((r) => r?.length ?? 0))
    : outputs.length;
  return Array.from({ length: slots }, (_, slot) => {
    const values = results.map((result) => (result ? result[slot] : blocker()));
    return (outputs[slot] ?? moreOutputs).isList
      ? values.flatMap((v) => (isBlocker(v) ? [v] : (v as readonly unknown[])))
      : values;
  });
}

/**
 * The outputs of a run that expanded, links being replaced by what they lead to. A link that leads to a list fills an output that is
 * a list, and else stands for as many runs.
 */
export function linkedRows(
  { outputs: declared }: NodeDeclaration,
  outputs: readonly unknown[],
  valuesOf: (link: OutputLink) => readonly unknown[],
): (readonly unknown[])[] {
  const columns = outputs.map((value, slot): readonly unknown[] => {
    if (!isOutputLink(value)) return [value];
    const list = valuesOf(value);
    return declared[slot]?.isList
      ? [list.length === 1 && isBlocker(list[0]) ? list[0] : list]
      : list;
  });
  const rows = Math.max(1, ...columns.map((list) => list.length));
  return Array.from({ length: rows }, (_, row) =>
    columns.map((list) => list[Math.min(row, list.length - 1)]),
  );
}

/** What all runs show, as one; undefined when they show nothing. */
export function mergeUi(results: readonly (NodeResult | undefined)[]): NodeUi | undefined {
  const shown = results.flatMap((r) => (r?.ui ? [r.ui] : []));
  if (shown.length === 0) return undefined;
  return Object.fromEntries(
    Object.keys(shown[0]).map((key) => [key, shown.flatMap((ui) => ui[key] ?? [])]),
  );
}
