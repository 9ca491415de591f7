// Runs one node: once per item of the lists that its inputs are, with its events, and stores the
// result.
import { checkAborted, DarkroomError } from '../../errors.ts';
import type { NodeContext } from '../../nodes/context.ts';
import type { NodeDeclaration, NodeResult } from '../../nodes/declare.ts';
import type { Inputs, InputValues } from '../../nodes/input-types.ts';
import { watchContext } from '../cache/context-watch.ts';
import { storedForm } from '../cache/own-values.ts';
import type { CacheEntry } from '../cache/result-cache.ts';
import { emptyInputError } from './empty-inputs.ts';
import { type Execution, finishNode } from './execution.ts';
import { expandNode } from './expansion.ts';
import { blockerIn, type CallResults, type CallValues, callsOf, mergeUi } from './lists.ts';
import { collectInputs, requestLazyInputs } from './node-inputs.ts';
import { checkTexts } from './result-limits.ts';

/**
 * Runs a node whose sources have run, unless it requests lazy inputs: then it will be run again.
 */
export async function runNode(execution: Execution, id: string): Promise<void> {
  const { lookup, results, shown, emit } = execution;
  const { node, declaration } = lookup.get(id);
  const { lists, missing } = collectInputs(execution, id);
  const calls = callsOf(declaration, lists);
  if (await requestLazyInputs(execution, id, calls, missing)) return;
  emit({
    type: 'node-started',
    nodeId: id,
    ...shown.displayOf(id),
    nodeType: node.classType,
    title: node.title ?? declaration.display,
  });
  const { callResults, dependencies, milliseconds } = await recordCalls(execution, id, calls);
  const ui = mergeUi(callResults);
  const outputsOfCalls = callResults.map((result) => result?.outputs);
  checkTexts(outputsOfCalls);
  execution.shownLimit.check(ui);
  shown.show(id, ui);
  if (callResults.some((result) => result?.expand)) {
    await expandNode(execution, id, callResults);
    return;
  }
  const allDependencies = dependencies && results.dependenciesOf(id, dependencies);
  const entry = finishNode(execution, id, outputsOfCalls, ui, allDependencies);
  await storeResult(execution, id, entry, milliseconds);
}

/** The number of nodes that the event of a blocked node lists, of thousands the latest. */
const MAX_EXECUTED = 1000;

interface RecordedCalls {
  readonly callResults: CallResults;
  /** The files and listings that the calls read; undefined when they did more than that. */
  readonly dependencies?: readonly string[];
  readonly milliseconds: number;
}

/** Makes the calls; where there is a result store, records what they read. */
async function recordCalls(
  execution: Execution,
  id: string,
  calls: readonly CallValues[],
): Promise<RecordedCalls> {
  const { store, contextOf } = execution;
  const start = performance.now();
  if (!store) {
    const callResults = await makeCalls(execution, id, calls, (call) => contextOf(id, call));
    return { callResults, milliseconds: performance.now() - start };
  }
  let isPure = true;
  const watched = (call: number): NodeContext =>
    watchContext(contextOf(id, call), () => {
      isPure = false;
    });
  const { result, dependencies } = await store.files.record(() =>
    makeCalls(execution, id, calls, watched),
  );
  return {
    callResults: result,
    dependencies: isPure ? dependencies : undefined,
    milliseconds: performance.now() - start,
  };
}

async function makeCalls(
  { lookup, signal, emit, executed }: Execution,
  id: string,
  calls: readonly CallValues[],
  contextOf: (call: number) => NodeContext,
): Promise<CallResults> {
  const { node, declaration } = lookup.get(id);
  const results: (NodeResult | undefined)[] = [];
  for (const [call, values] of calls.entries()) {
    checkAborted(signal);
    const block = blockerIn(values, declaration.inputIsList);
    if (block?.message !== undefined)
      emit({
        type: 'blocked',
        nodeId: id,
        nodeType: node.classType,
        message: block.message,
        executed: executed.slice(-MAX_EXECUTED),
      });
    const context = contextOf(call);
    results.push(block ? undefined : await runOnce(declaration, values, context));
  }
  return results;
}

/** Runs a node. What it throws because an input is empty becomes DR_INPUT_INVALID. */
async function runOnce(
  declaration: NodeDeclaration,
  values: CallValues,
  context: NodeContext,
): Promise<NodeResult> {
  try {
    return await declaration.run(values as InputValues<Inputs>, context);
  } catch (error) {
    if (error instanceof DarkroomError || context.signal.aborted) throw error;
    throw emptyInputError(values, error) ?? error;
  }
}

/** Stores a result for later runs of the program, where its node and those before it allow that. */
async function storeResult(
  { lookup, store, signatures, dynamic, emit, storeWarnings }: Execution,
  id: string,
  { outputs, ui, dependencies }: CacheEntry,
  milliseconds: number,
): Promise<void> {
  const signature = signatures.persistentOf(id);
  const isStorable = !ui && dynamic.isOriginal(id);
  if (!store || !dependencies || signature === undefined || !isStorable) return;
  const stored = storedForm(lookup.get(id).declaration, outputs);
  const warning = await store.save(signature, { outputs: stored, dependencies }, milliseconds);
  if (warning === undefined || storeWarnings.has(warning)) return;
  storeWarnings.add(warning);
  emit({ type: 'warning', message: warning });
}
