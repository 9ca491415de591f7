// An engine without a process: runs prompts one after another on a table of nodes, and returns
// which nodes ran.
import type { ResultStore } from '../../src/engine/cache/result-store.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import { createDynamicGraph } from '../../src/engine/execute/dynamic-prompt.ts';
import { execute } from '../../src/engine/execute/execute.ts';
import { createNodeContexts } from '../../src/engine/node-context.ts';
import type { DarkroomError } from '../../src/errors.ts';
import type { Json } from '../../src/formats/json.ts';
import { createFolderStorage } from '../../src/storage/folder-storage.ts';
import { type Folders, openFolders } from '../../src/storage/folders.ts';
import type { NodeTable } from '../../src/workflow/node-table.ts';
import { preparePrompt } from '../../src/workflow/prepare-prompt.ts';
import { readWorkflow } from '../../src/workflow/read/read.ts';
import { validate } from '../../src/workflow/validate/validate.ts';
import { RULES } from './rules.ts';
import { testContext } from './run-node.ts';

export interface Ran {
  readonly events: readonly EngineEvent[];
  /** The ids of the nodes that ran, in order. */
  readonly ran: readonly string[];
  readonly failure: DarkroomError | undefined;
  /** The values that a node showed as `value`. */
  shown(id: string): unknown[];
}

export interface RunSettings {
  readonly targets?: readonly string[];
  readonly extra?: Record<string, Json>;
}

/**
 * Results and node states last from one run to the next, as in the engine. A prompt that can't run
 * at all throws its first problem.
 */
export function smallEngine(
  nodes: NodeTable,
  folders: Folders = openFolders({ models: [] }),
  store?: ResultStore,
) {
  const cache = new Map();
  const states = new Map();
  return async (
    prompt: Record<string, unknown>,
    { targets, extra = {} }: RunSettings = {},
  ): Promise<Ran> => {
    const events: EngineEvent[] = [];
    const prepared = preparePrompt(readWorkflow(prompt as Json).graph, extra, nodes, folders);
    for (const message of prepared.messages) events.push({ type: 'message', ...message });
    if (prepared.problems.length > 0) throw prepared.problems[0];
    const validation = validate(prepared.graph, nodes, folders, targets);
    if (validation.error) throw validation.problems[0];
    const { graph, outputs } = validation;
    const dynamic = createDynamicGraph(graph);
    const controller = new AbortController();
    const { signal } = controller;
    const emit = (event: EngineEvent): void => void events.push(event);
    const contextOf = createNodeContexts({
      graph,
      dynamic,
      extra: prepared.extra,
      nodes,
      folders,
      storage: createFolderStorage(folders),
      runtime: testContext().runtime,
      release: '0.3.64',
      behaviour: RULES,
      signal,
      emit,
      onFolder: () => undefined,
      now: () => new Date(0),
      random: () => 0,
      states,
      interrupt: () => controller.abort(),
    });
    const failed = (e: DarkroomError): DarkroomError => e;
    const shown = await execute({
      graph,
      dynamic,
      outputs,
      nodes,
      cache,
      signal,
      emit,
      behaviour: RULES,
      contextOf,
      store,
    }).catch(failed);
    const ran = events.flatMap((event) => (event.type === 'node-started' ? [event.nodeId] : []));
    const failure = shown instanceof Error ? shown : undefined;
    return {
      events,
      ran,
      failure,
      shown: (id: string) => (shown as Record<string, Record<string, unknown[]>>)[id]?.['value'],
    };
  };
}
