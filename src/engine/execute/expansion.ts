// Nodes that return a graph to be run instead of them. Such a node waits for the nodes that its
// outputs are linked to, then takes its outputs from them. After ComfyUI's execution.py.
import { isOutputLink, type OutputLink } from '../../nodes/graph-builder.ts';
import { removeReplacedExpansions } from '../cache/result-cache.ts';
import { type Execution, finishNode } from './execution.ts';
import { type CallResults, linkedRows, mergeUi } from './lists.ts';

/** Adds the nodes that a node expanded to, and makes it wait for those its outputs link to. */
export async function expandNode(
  execution: Execution,
  id: string,
  callResults: CallResults,
): Promise<void> {
  const { dynamic, lookup, signatures, results, order, expanding } = execution;
  const added: string[] = [];
  for (const result of callResults) {
    if (!result?.expand) continue;
    dynamic.expand(id, result.expand);
    added.push(...result.expand.keys());
  }
  expanding.set(id, callResults);
  results.suspend(id);

  const addedSignatures = new Set<string>();
  for (const inner of added) {
    lookup.get(inner);
    addedSignatures.add(await signatures.sign(inner));
  }
  const addedKeys = new Set(added.map(lookup.keyOf));
  const index = execution.earlierExpansions();
  removeReplacedExpansions(execution.cache, index, lookup.keyOf(id), addedSignatures, addedKeys);

  for (const inner of added) if (lookup.get(inner).declaration.outputNode) order.add(inner);
  for (const [source] of linksIn(callResults)) {
    lookup.get(source);
    await signatures.sign(source);
    order.wait(id, source);
  }
}

/** Completes an expanded node with the outputs of the nodes that it waited for. */
export function resolveExpansion(execution: Execution, id: string): void {
  const { lookup, results, expanding } = execution;
  const { declaration } = lookup.get(id);
  const callResults = expanding.get(id)!;
  const valuesOf = ([source, slot]: OutputLink): readonly unknown[] =>
    results.of(source)?.outputs[slot] ?? [undefined];
  const outputsOfCalls = callResults.flatMap((result) =>
    result?.expand ? linkedRows(declaration, result.outputs, valuesOf) : [result?.outputs],
  );
  expanding.delete(id);
  finishNode(execution, id, outputsOfCalls, mergeUi(callResults));
}

const linksIn = (callResults: CallResults): OutputLink[] =>
  callResults.flatMap((result) => (result?.expand ? result.outputs.filter(isOutputLink) : []));
