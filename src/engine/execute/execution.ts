// The state of one execution, shared by the functions that run its nodes.
import type { NodeContext } from '../../nodes/context.ts';
import type { Behaviour } from '../../nodes/versions/behaviour-changes.ts';
import type { Graph } from '../../workflow/api-graph.ts';
import type { NodeTable } from '../../workflow/node-table.ts';
import {
  type CacheEntry,
  type ExpansionIndex,
  indexExpansions,
  type ResultCache,
} from '../cache/result-cache.ts';
import type { ResultStore } from '../cache/result-store.ts';
import { createSignatures, type Signatures } from '../cache/signatures.ts';
import type { Emit, NodeUi } from '../events.ts';
import type { DynamicGraph } from './dynamic-prompt.ts';
import { type CallResults, mergeOutputs } from './lists.ts';
import { createNodeLookup, type NodeLookup } from './node-lookup.ts';
import { createOrder, type Order } from './order.ts';
import { createShownLimit, type ShownLimit } from './result-limits.ts';
import { createJobResults, type JobResults } from './results.ts';
import { createShownOutputs, type ShownOutputs } from './shown-outputs.ts';

export interface ExecutionOptions {
  readonly graph: Graph;
  readonly dynamic: DynamicGraph;
  /** The output nodes to run. */
  readonly outputs: readonly string[];
  readonly nodes: NodeTable;
  readonly cache: ResultCache;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** How the job's release of ComfyUI behaves. */
  readonly behaviour: Behaviour;
  /** The context of a node; `call` counts its calls over lists. */
  contextOf(nodeId: string, call?: number): NodeContext;
  /** Results of earlier runs of the program. */
  readonly store?: ResultStore;
}

export interface Execution extends ExecutionOptions {
  readonly lookup: NodeLookup;
  readonly signatures: Signatures;
  readonly results: JobResults;
  readonly order: Order;
  readonly shown: ShownOutputs;
  readonly shownLimit: ShownLimit;
  /** The nodes that were run or expanded by this job, in order. */
  readonly executed: string[];
  /** The results of nodes that wait for the nodes they expanded to. */
  readonly expanding: Map<string, CallResults>;
  /** What nodes of earlier jobs expanded to. */
  readonly earlierExpansions: () => ExpansionIndex;
  /** The warnings of the result store that were emitted already. */
  readonly storeWarnings: Set<string>;
}

export function createExecution(options: ExecutionOptions): Execution {
  const { dynamic, nodes, cache, behaviour, contextOf, emit } = options;
  const lookup = createNodeLookup(dynamic, nodes);
  const signatures = createSignatures(lookup.find, contextOf, behaviour);
  const results = createJobResults(lookup, signatures, cache);
  const order = createOrder({
    sourcesOf: (id) =>
      lookup.linksOf(id).flatMap(([, [source], input]) => (input.lazy ? [] : [source])),
    isOutput: (id) => lookup.get(id).declaration.outputNode === true,
    isDone: (id) => results.of(id) !== undefined,
  });
  let index: ExpansionIndex | undefined;
  return {
    ...options,
    lookup,
    signatures,
    results,
    order,
    shown: createShownOutputs(dynamic, emit),
    shownLimit: createShownLimit(),
    executed: [],
    expanding: new Map(),
    earlierExpansions: () => {
      index ??= indexExpansions(cache);
      return index;
    },
    storeWarnings: new Set(),
  };
}

/** Completes a node with the outputs of its calls; undefined stands for a call that was blocked. */
export function finishNode(
  { lookup, results, shown, executed, order }: Execution,
  id: string,
  outputsOfCalls: readonly (readonly unknown[] | undefined)[],
  ui: NodeUi | undefined,
  dependencies?: readonly string[],
): CacheEntry {
  const entry: CacheEntry = {
    inner: shown.insideOf(id),
    outputs: mergeOutputs(lookup.get(id).declaration, outputsOfCalls),
    ui,
    lineage: lookup.lineageOf(id),
    dependencies,
  };
  results.add(id, entry);
  executed.push(id);
  order.complete(id);
  return entry;
}
