// Executes a checked graph: in order, with results cached by what goes into a node, lazy inputs,
// lists, blockers, expansion, events and cancellation. After ComfyUI's execution.py.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkAborted } from '../../errors.ts';
import { removeUnused } from '../cache/result-cache.ts';
import type { Outputs } from '../events.ts';
import { createExecution, type Execution, type ExecutionOptions } from './execution.ts';
import { resolveExpansion } from './expansion.ts';
import { circleFailure, failureOf } from './failures.ts';
import { runNode } from './run-node.ts';

/**
 * Runs the graph and returns what its nodes showed. Throws DR_INTERRUPTED, or the DarkroomError of
 * the node that failed, with nodeId and nodeType of the prompt's node.
 */
export async function execute(options: ExecutionOptions): Promise<Outputs> {
  const execution = createExecution(options);
  const { graph, dynamic, signal, order, results, shown, lookup } = execution;
  await prepareResults(execution);
  for (const id of options.outputs) order.add(id);
  reportStart(execution);
  while (order.pending.size > 0) {
    // lets a cancellation arrive
    await nextTurn();
    checkAborted(signal);
    const id = order.next();
    if (id === undefined) throw circleFailure(order.circle(), graph, dynamic);
    const entry = results.of(id);
    if (entry) {
      results.reuse(id, entry);
      shown.add(entry.inner);
      shown.show(id, entry.ui);
      order.complete(id);
      continue;
    }
    try {
      if (execution.expanding.has(id)) resolveExpansion(execution, id);
      else await runNode(execution, id);
    } catch (error) {
      const pack = lookup.find(id)?.declaration.origin?.pack;
      throw failureOf(error, id, graph, dynamic, signal, pack);
    }
  }
  checkAborted(signal);
  return shown.all;
}

/** Signs the outputs and all before them, and brings the cache in line with the new prompt. */
async function prepareResults(execution: Execution): Promise<void> {
  const { graph, outputs, cache, store, lookup, signatures, results } = execution;
  for (const id of outputs) await signatures.sign(id);
  const keys = new Set([...graph.keys()].map(lookup.keyOf));
  removeUnused(cache, new Set(signatures.all.values()), keys);
  if (store) await results.restore(outputs, store);
}

function reportStart({ graph, signatures, results, order, shown, emit }: Execution): void {
  const cached = [...graph.keys()].filter((id) => signatures.all.has(id) && results.of(id));
  const nodes = [...order.pending].filter((id) => !results.of(id)).length;
  emit({ type: 'started', nodes, cached });
  for (const id of cached) {
    const { inner, ui } = results.of(id)!;
    shown.add(inner);
    shown.add(ui && { [id]: ui });
  }
}
