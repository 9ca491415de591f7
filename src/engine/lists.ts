// Lists between nodes: every value travels as a list; a node runs once per item, shorter lists repeating their last.
// After ComfyUI's execution.py (map_node_over_list, merge_result_data).
import { DarkroomError } from '../errors.ts';
import type { NodeDeclaration, NodeResult } from '../nodes/declare.ts';
import type { NodeUi } from './events.ts';

/** One list per output. */
export type OutputLists = readonly (readonly unknown[])[];

type Values = Readonly<Record<string, unknown>>;

/** Runs a node over its lists of inputs. `call` runs it once. */
export async function runOverLists(
  declaration: NodeDeclaration,
  lists: Readonly<Record<string, readonly unknown[]>>,
  call: (inputs: Values) => Promise<NodeResult>,
): Promise<{ outputs: OutputLists; ui: NodeUi | undefined }> {
  const results: NodeResult[] = [];
  if (declaration.inputIsList) results.push(await call(lists));
  else {
    const names = Object.keys(lists);
    const empty = names.find((name) => lists[name].length === 0);
    if (empty !== undefined)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `'${empty}' of ${declaration.type} got an empty list`,
        hint: 'The node before it found nothing to give on.',
        input: empty,
      });
    const rounds = Math.max(1, ...names.map((name) => lists[name].length));
    for (let i = 0; i < rounds; i++)
      results.push(await call(Object.fromEntries(names.map((name) => [name, lists[name][Math.min(i, lists[name].length - 1)]]))));
  }
  return { outputs: merge(declaration, results), ui: mergeUi(results) };
}

const merge = (declaration: NodeDeclaration, results: readonly NodeResult[]): OutputLists =>
  declaration.outputs.map((output, slot) =>
    output.isList ? results.flatMap((r) => r.outputs[slot] as readonly unknown[]) : results.map((r) => r.outputs[slot]),
  );

function mergeUi(results: readonly NodeResult[]): NodeUi | undefined {
  const shown = results.flatMap((r) => (r.ui ? [r.ui] : []));
  if (shown.length === 0) return undefined;
  return Object.fromEntries(Object.keys(shown[0]).map((key) => [key, shown.flatMap((ui) => ui[key] ?? [])]));
}
