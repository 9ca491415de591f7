// Executes a checked graph: order, cache keyed by what goes into a node, lazy inputs, lists, blockers, expansion, events, cancel.
// After ComfyUI's execution.py.
import { existsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { checkAborted } from '../../errors.ts';
import type { Json } from '../../formats/json.ts';
import type { NodeContext } from '../../nodes/context.ts';
import {
  type Input,
  type Inputs,
  type InputValues,
  inputOf,
  type NodeDeclaration,
  type NodeResult,
  type SavedFile,
} from '../../nodes/declare.ts';
import { isOutputLink, type OutputLink } from '../../nodes/graph-builder.ts';
import type { Graph } from '../../workflow/api-graph.ts';
import { declaredLinks, runValue, widgetValue } from '../../workflow/input-spec.ts';
import { PythonError } from '../../workflow/validate/python-values.ts';
import type { NodeTable } from '../../workflow/validate/validate.ts';
import type { ResultStore } from '../cache/result-store.ts';
import { createSignatures } from '../cache/signatures.ts';
import { watchedContext } from '../cache/watched-context.ts';
import { type Emit, type NodeUi, type Outputs, savedFiles } from '../events.ts';
import type { DynamicGraph, DynamicNode } from './dynamic-prompt.ts';
import { badValue, circleFailure, failureOf, missingNode, unknownNeed } from './failures.ts';
import {
  blockerIn,
  linkedRows,
  mergeOutputs,
  mergeUi,
  type OutputLists,
  roundsOf,
} from './lists.ts';
import { createOrder } from './order.ts';

interface CacheEntry {
  readonly outputs: OutputLists;
  readonly ui: NodeUi | undefined;
  /** The nodes that expanded to this one, outermost first: id and class type of each. */
  readonly lineage: readonly string[];
  /** What the nodes showed that this one expanded to. */
  readonly inner?: Outputs;
  /** What this node and those before it asked of the folders; absent where its outputs must not be kept for later runs. */
  readonly asked?: readonly string[];
}

/** Results by signature; kept from one job to the next, where what the last job did not use is dropped. */
export type Cache = Map<string, CacheEntry>;

export interface Execution {
  readonly graph: Graph;
  readonly dynamic: DynamicGraph;
  /** The output nodes to run. */
  readonly outputs: readonly string[];
  readonly nodes: NodeTable;
  readonly cache: Cache;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  contextOf(nodeId: string, call?: number): NodeContext;
  /** Results of earlier runs of the program. */
  readonly store?: ResultStore;
}

/** The results of a node's runs; undefined for one that was blocked. */
type Results = readonly (NodeResult | undefined)[];

/** Runs the graph. Throws DR_INTERRUPTED, or the DarkroomError of the node that failed (with nodeId and nodeType of the prompt's node). */
export async function execute(execution: Execution): Promise<Outputs> {
  const { graph, dynamic, nodes, cache, signal, emit, contextOf, store } = execution;
  const nodeOf = (id: string): { node: DynamicNode; declaration: NodeDeclaration } => {
    const node = dynamic.node(id);
    const declaration = node && nodes.get(node.classType);
    if (!declaration) throw missingNode(id, node?.classType);
    return { node, declaration };
  };
  const keyOf = (id: string): string => `${id} ${dynamic.node(id)!.classType}`;
  const lineageOf = (id: string): string[] => {
    const parent = dynamic.parentOf(id);
    return parent === undefined ? [] : [...lineageOf(parent), keyOf(parent)];
  };

  const signatures = createSignatures(
    (id) => (dynamic.node(id) ? nodeOf(id) : undefined),
    contextOf,
  );
  for (const id of execution.outputs) await signatures.sign(id);
  const used = new Set(signatures.all.values());
  const present = new Set([...graph.keys()].map(keyOf));
  // what nodes expanded to stays as long as those are in the prompt
  for (const [signature, { lineage }] of cache)
    if (!used.has(signature) && !present.has(lineage[0])) cache.delete(signature);

  /** Nodes that wait for what they expanded to. */
  const pendingOn = new Map<string, Results>();
  const done = new Map<string, CacheEntry>();
  /** The results of a node, from this job or an earlier one. */
  const entryOf = (id: string): CacheEntry | undefined => {
    const known = done.get(id);
    if (known) return known;
    const entry = pendingOn.has(id) ? undefined : cache.get(signatures.all.get(id) ?? '');
    return entry && filesOf(entry).every((file) => existsSync(file.path)) ? entry : undefined;
  };

  /** Takes results of earlier runs out of the store: the last ones that are there, and nothing before them. */
  const restore = async (id: string, seen: Set<string>): Promise<void> => {
    const lasting = signatures.lasting(id);
    if (!store || seen.has(id) || !dynamic.node(id) || entryOf(id)) return;
    seen.add(id);
    const { node, declaration } = nodeOf(id);
    const found =
      lasting === undefined || declaration.outputNode ? undefined : await store.find(lasting);
    if (found) cache.set(signatures.of(id), { ...found, ui: undefined, lineage: lineageOf(id) });
    else
      for (const [, [source]] of declaredLinks(declaration, node.inputs))
        await restore(source, seen);
  };
  const restored = new Set<string>();
  for (const id of execution.outputs) await restore(id, restored);

  const order = createOrder({
    sourcesOf: (id) => {
      const { node, declaration } = nodeOf(id);
      return declaredLinks(declaration, node.inputs).flatMap(([, [source], input]) =>
        input.lazy ? [] : [source],
      );
    },
    isOutput: (id) => nodeOf(id).declaration.outputNode === true,
    isDone: (id) => entryOf(id) !== undefined,
  });
  for (const id of execution.outputs) order.add(id);
  const cached = [...graph.keys()].filter((id) => signatures.all.has(id) && entryOf(id));
  emit({ type: 'started', nodes: [...order.pending].filter((id) => !entryOf(id)).length, cached });

  const outputs: Record<string, NodeUi> = {};
  for (const id of cached) {
    const { ui, inner } = entryOf(id)!;
    Object.assign(outputs, inner, ui && { [id]: ui });
  }
  const executed: string[] = [];
  const problems = new Set<string>();
  const shownAt = (id: string): { displayId?: string } =>
    dynamic.isOriginal(id) ? {} : { displayId: dynamic.displayOf(id) };
  const show = (id: string, ui: NodeUi | undefined): void => {
    if (!ui) return;
    outputs[id] = ui;
    emit({ type: 'executed', nodeId: id, ...shownAt(id), ui });
  };
  const finish = (
    id: string,
    results: readonly (readonly unknown[] | undefined)[],
    ui: NodeUi | undefined,
    asked?: readonly string[],
  ): CacheEntry => {
    const inner = Object.entries(outputs).filter(([inside]) => isInside(dynamic, inside, id));
    const entry: CacheEntry = {
      outputs: mergeOutputs(nodeOf(id).declaration, results),
      ui,
      lineage: lineageOf(id),
      inner: inner.length > 0 ? Object.fromEntries(inner) : undefined,
      asked,
    };
    cache.set(signatures.of(id), entry);
    done.set(id, entry);
    executed.push(id);
    order.complete(id);
    return entry;
  };

  /** What a node and those before it asked of the folders; undefined when one of them did more than its inputs say. */
  const askedBefore = (id: string, own: readonly string[]): readonly string[] | undefined => {
    const { node, declaration } = nodeOf(id);
    const all = new Set(own);
    for (const [, [source]] of declaredLinks(declaration, node.inputs)) {
      const entry = entryOf(source);
      // a lazy input that was not asked for; whether it is depends on the others
      if (!entry) continue;
      if (!entry.asked) return undefined;
      for (const question of entry.asked) all.add(question);
    }
    return [...all];
  };

  /** The values of a node's inputs, each as a list; and the names of those whose sources have not run. */
  const listsOf = (
    id: string,
  ): { lists: Record<string, readonly unknown[]>; missing: ReadonlySet<string> } => {
    const { node, declaration } = nodeOf(id);
    const lists: Record<string, readonly unknown[]> = {};
    const missing = new Set<string>();
    for (const [name, value] of Object.entries(node.inputs)) {
      const input = inputOf(declaration, name);
      if (!input) continue;
      if (!isOutputLink(value)) {
        lists[name] = [
          runValue(dynamic.isOriginal(id) ? converted(name, value as Json, input) : value, input),
        ];
        continue;
      }
      if (input.rawLink) {
        lists[name] = [value];
        continue;
      }
      const found = entryOf(value[0]);
      const list = found?.outputs[value[1]];
      if (!found) missing.add(name);
      lists[name] = list ? list.map((item) => runValue(item, input)) : [undefined];
    }
    return { lists, missing };
  };

  /** Asks a node for the lazy inputs it needs; true when it must wait for some. */
  const asksForMore = async (
    id: string,
    rounds: readonly Readonly<Record<string, unknown>>[],
    missing: ReadonlySet<string>,
  ): Promise<boolean> => {
    const { node, declaration } = nodeOf(id);
    if (!declaration.needs) return false;
    const names = new Set<string>();
    for (const [call, values] of rounds.entries()) {
      if (blockerIn(values, declaration.inputIsList)) continue;
      for (const name of await declaration.needs(
        values as InputValues<Inputs>,
        contextOf(id, call),
      ))
        names.add(name);
    }
    let waits = false;
    for (const name of names) {
      if (Object.hasOwn(node.inputs, name) && !missing.has(name)) continue;
      const link = node.inputs[name];
      if (!isOutputLink(link)) throw unknownNeed(name);
      if (!dynamic.node(link[0])) throw missingNode(link[0]);
      await signatures.sign(link[0]);
      order.wait(id, link[0]);
      waits = true;
    }
    return waits;
  };

  const runNode = async (id: string): Promise<void> => {
    const { node, declaration } = nodeOf(id);
    const { lists, missing } = listsOf(id);
    const rounds = roundsOf(declaration, lists);
    if (await asksForMore(id, rounds, missing)) return;
    emit({
      type: 'node-started',
      nodeId: id,
      ...shownAt(id),
      nodeType: node.classType,
      title: node.title ?? declaration.display,
    });
    const results: (NodeResult | undefined)[] = [];
    let pure = true;
    const watch = (context: NodeContext): NodeContext =>
      watchedContext(context, () => {
        pure = false;
      });
    const runAll = async (): Promise<void> => {
      for (const [call, values] of rounds.entries()) {
        checkAborted(signal);
        const block = blockerIn(values, declaration.inputIsList);
        if (block?.message !== undefined)
          emit({
            type: 'blocked',
            nodeId: id,
            nodeType: node.classType,
            message: block.message,
            executed: [...executed],
          });
        const context = contextOf(id, call);
        results.push(
          block
            ? undefined
            : await declaration.run(
                values as InputValues<Inputs>,
                store ? watch(context) : context,
              ),
        );
      }
    };
    const began = performance.now();
    const asked = store ? (await store.files.during(runAll)).asked : await runAll();
    const took = performance.now() - began;
    const ui = mergeUi(results);
    show(id, ui);
    if (results.some((result) => result?.expand)) {
      await expand(id, results);
      return;
    }
    const before = asked && pure ? askedBefore(id, asked) : undefined;
    const values = results.map((result) => result?.outputs);
    const { outputs } = finish(id, values, ui, before);
    const lasting = signatures.lasting(id);
    if (!store || !before || lasting === undefined || ui || !dynamic.isOriginal(id)) return;
    const problem = await store.keep(lasting, { outputs, asked: before }, took);
    if (problem === undefined || problems.has(problem)) return;
    problems.add(problem);
    emit({ type: 'warning', message: problem });
  };

  /** Puts the nodes that a node expanded to into the graph; it waits for those that its outputs are linked to. */
  const expand = async (id: string, results: Results): Promise<void> => {
    const added: string[] = [];
    for (const result of results) {
      if (!result?.expand) continue;
      dynamic.expand(id, result.expand);
      added.push(...result.expand.keys());
    }
    pendingOn.set(id, results);
    const keep = new Set<string>();
    for (const inner of added) {
      nodeOf(inner);
      keep.add(await signatures.sign(inner));
    }
    const inside = new Set(added.map(keyOf));
    for (const [signature, { lineage }] of cache) {
      const at = lineage.indexOf(keyOf(id));
      if (
        at >= 0 &&
        !(at === lineage.length - 1 ? keep.has(signature) : inside.has(lineage[at + 1]))
      )
        cache.delete(signature);
    }
    for (const inner of added) if (nodeOf(inner).declaration.outputNode) order.add(inner);
    for (const result of results)
      for (const value of result?.expand ? result.outputs : [])
        if (isOutputLink(value)) {
          nodeOf(value[0]);
          await signatures.sign(value[0]);
          order.wait(id, value[0]);
        }
  };

  /** Takes the outputs of a node that expanded from the nodes it waited for. */
  const resolve = (id: string): void => {
    const { declaration } = nodeOf(id);
    const results = pendingOn.get(id)!;
    const valuesOf = ([source, slot]: OutputLink): readonly unknown[] =>
      entryOf(source)?.outputs[slot] ?? [undefined];
    const resolved = results.flatMap((result) =>
      result?.expand ? linkedRows(declaration, result.outputs, valuesOf) : [result?.outputs],
    );
    pendingOn.delete(id);
    finish(id, resolved, mergeUi(results));
  };

  while (order.pending.size > 0) {
    await turn();
    checkAborted(signal);
    const id = order.next();
    if (id === undefined) throw circleFailure(order.circle(), graph, dynamic);
    const entry = entryOf(id);
    if (entry) {
      done.set(id, entry);
      Object.assign(outputs, entry.inner);
      show(id, entry.ui);
      order.complete(id);
      continue;
    }
    try {
      if (pendingOn.has(id)) resolve(id);
      else await runNode(id);
    } catch (error) {
      throw failureOf(error, id, graph, dynamic, signal);
    }
  }
  checkAborted(signal);
  return outputs;
}

const isInside = (dynamic: DynamicGraph, id: string, ancestor: string): boolean => {
  const parent = dynamic.parentOf(id);
  return parent !== undefined && (parent === ancestor || isInside(dynamic, parent, ancestor));
};

const filesOf = ({ ui, inner }: CacheEntry): SavedFile[] =>
  [ui, ...Object.values(inner ?? {})].flatMap(savedFiles);

function converted(name: string, value: Json, input: Input): Json {
  try {
    return widgetValue(value, input);
  } catch (error) {
    throw error instanceof PythonError ? badValue(name, error) : error;
  }
}
