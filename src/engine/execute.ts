// Executes a checked graph: order, cache keyed by what goes into a node, lists, events, cancel.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { checkAborted, DarkroomError } from '../errors.ts';
import { dumpsJson, isPyFloat, type Json, numberOf } from '../formats/json.ts';
import type { NodeContext } from '../nodes/context.ts';
import type { Input, Inputs, InputValues, NodeDeclaration } from '../nodes/declare.ts';
import { type Graph, type GraphNode, linkOf, nodeName } from '../workflow/graph.ts';
import { typeOf } from '../workflow/spec.ts';
import type { NodeTable } from '../workflow/validate.ts';
import { type Emit, type NodeUi, type Outputs, savedFiles } from './events.ts';
import { type OutputLists, runOverLists } from './lists.ts';
import { orderOf } from './order.ts';

interface CacheEntry {
  readonly outputs: OutputLists;
  readonly ui: NodeUi | undefined;
}

/** Results by signature; kept from one job to the next, where what the last job did not use is dropped. */
export type Cache = Map<string, CacheEntry>;

export interface Execution {
  readonly graph: Graph;
  /** The output nodes to run. */
  readonly outputs: readonly string[];
  readonly nodes: NodeTable;
  readonly cache: Cache;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  contextOf(nodeId: string): NodeContext;
}

/** Runs the graph. Throws DR_INTERRUPTED, or the DarkroomError of the node that failed (with nodeId and nodeType). */
export async function execute(execution: Execution): Promise<Outputs> {
  const { graph, nodes, cache, signal, emit } = execution;
  const declarationOf = (id: string): NodeDeclaration => nodes.get(graph.get(id)!.classType)!;
  const signatures = await signaturesOf(execution);
  const entryOf = (id: string): CacheEntry | undefined => {
    const entry = cache.get(signatures.get(id)!);
    return entry && savedFiles(entry.ui).every((file) => existsSync(file.path)) ? entry : undefined;
  };
  const used = new Set(signatures.values());
  for (const signature of cache.keys()) if (!used.has(signature)) cache.delete(signature);

  const order = orderOf(
    graph,
    execution.outputs,
    (id) => declarationOf(id).outputNode === true,
    (id) => entryOf(id) !== undefined,
  );
  const cached = [...graph.keys()].filter((id) => signatures.has(id) && entryOf(id));
  emit({ type: 'started', nodes: [...order.pending].filter((id) => !entryOf(id)).length, cached });

  const outputs: Record<string, NodeUi> = {};
  for (let id = order.next(); id !== undefined; id = order.next()) {
    await turn();
    checkAborted(signal);
    let entry = entryOf(id);
    if (!entry) {
      const node = graph.get(id)!;
      emit({ type: 'node-started', nodeId: id, nodeType: node.classType, title: node.title ?? declarationOf(id).display });
      const values = (source: string, slot: number): readonly unknown[] => cache.get(signatures.get(source)!)!.outputs[slot];
      entry = await runNode(declarationOf(id), node, execution.contextOf(id), values);
      cache.set(signatures.get(id)!, entry);
    }
    if (entry.ui) {
      outputs[id] = entry.ui;
      emit({ type: 'executed', nodeId: id, ui: entry.ui });
    }
    order.complete(id);
  }
  checkAborted(signal);
  return outputs;
}

async function runNode(
  declaration: NodeDeclaration,
  node: GraphNode,
  context: NodeContext,
  values: (source: string, slot: number) => readonly unknown[],
): Promise<CacheEntry> {
  const lists: Record<string, readonly unknown[]> = {};
  for (const [name, input] of Object.entries(declaration.inputs)) {
    if (!Object.hasOwn(node.inputs, name)) continue;
    const link = linkOf(node.inputs[name]);
    const list = link ? values(link.id, link.slot) : [node.inputs[name]];
    lists[name] = list.map((value) => forNode(value, input));
  }
  try {
    return await runOverLists(declaration, lists, async (inputs) => {
      checkAborted(context.signal);
      return declaration.run(inputs as InputValues<Inputs>, context);
    });
  } catch (error) {
    throw failure(error, declaration, node, context);
  }
}

/** A value as run() wants it: plain numbers, bigint for seeds, undefined for an optional input that is null. */
function forNode(value: unknown, input: Input): unknown {
  if (value === null) return undefined;
  if (input.kind === 'INT' && input.wide && typeof value === 'number') return BigInt(value);
  if (isPyFloat(value) || (typeof value === 'bigint' && !(input.kind === 'INT' && input.wide) && ['INT', 'FLOAT'].includes(typeOf(input))))
    return numberOf(value);
  return value;
}

function failure(error: unknown, declaration: NodeDeclaration, node: GraphNode, context: NodeContext): DarkroomError {
  const nodeType = declaration.type;
  if (error instanceof DarkroomError) {
    error.nodeId ??= context.nodeId;
    error.nodeType ??= nodeType;
    return error;
  }
  if (context.signal.aborted) return new DarkroomError('DR_INTERRUPTED', { message: 'interrupted', nodeId: context.nodeId, nodeType });
  const cause = error instanceof Error ? error : new Error(String(error));
  const name = nodeName(context.nodeId, node);
  if (/allocation failed|Invalid (typed )?array (buffer )?length|bad_alloc|failed to allocate/i.test(cause.message))
    return new DarkroomError('DR_OUT_OF_MEMORY', {
      message: `${name} ran out of memory: ${cause.message}`,
      hint: 'Use a smaller picture or batch, or the tiled VAE nodes.',
      nodeId: context.nodeId,
      nodeType,
      cause,
    });
  return new DarkroomError('DR_NODE_FAILED', {
    message: `${name} failed: ${cause.message}`,
    hint: 'This is a fault of Darkroom; please report it with the workflow.',
    nodeId: context.nodeId,
    nodeType,
    cause,
  });
}

/** What goes into each node that the outputs need, as a hash: class type, fingerprint, values, and the signatures of its sources. */
async function signaturesOf({ graph, outputs, nodes, contextOf }: Execution): Promise<Map<string, string>> {
  const signatures = new Map<string, string>();
  const sign = async (id: string): Promise<string> => {
    const known = signatures.get(id);
    if (known) return known;
    const node = graph.get(id)!;
    const declaration = nodes.get(node.classType)!;
    const parts: Json[] = [node.classType];
    const constants: Record<string, unknown> = {};
    for (const name of Object.keys(declaration.inputs).sort()) {
      if (!Object.hasOwn(node.inputs, name)) continue;
      const value = node.inputs[name];
      const link = linkOf(value);
      if (!link) constants[name] = forNode(value, declaration.inputs[name]);
      parts.push(name, link ? [await sign(link.id), link.slot] : { value });
    }
    if (declaration.fingerprint) parts.push(await fingerprint(declaration, constants, contextOf(id)));
    const signature = createHash('sha256').update(dumpsJson(parts)).digest('hex');
    signatures.set(id, signature);
    return signature;
  };
  for (const id of outputs) await sign(id);
  return signatures;
}

let unique = 0;

async function fingerprint(declaration: NodeDeclaration, constants: Record<string, unknown>, context: NodeContext): Promise<string> {
  try {
    return String(await declaration.fingerprint!(constants as InputValues<Inputs>, context));
  } catch {
    // the node itself will say what is wrong; until then it counts as changed
    return `changed ${++unique}`;
  }
}
