// An execution without a run, for unit tests of its parts.
import type { ResultCache } from '../../src/engine/cache/result-cache.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import { createDynamicGraph } from '../../src/engine/execute/dynamic-prompt.ts';
import { createExecution, type Execution } from '../../src/engine/execute/execution.ts';
import type { Json } from '../../src/formats/json.ts';
import { readWorkflow } from '../../src/workflow/read/read.ts';
import { FLOW_NODES } from './flow-nodes.ts';
import { RULES } from './rules.ts';
import { testContext } from './run-node.ts';

export interface TestExecution extends Execution {
  readonly events: readonly EngineEvent[];
}

/** An execution of a prompt of flow nodes whose outputs are signed and in the order. */
export async function createTestExecution(
  prompt: Readonly<Record<string, unknown>>,
  outputs: readonly string[],
  cache: ResultCache = new Map(),
): Promise<TestExecution> {
  const { graph } = readWorkflow(prompt as Json);
  const events: EngineEvent[] = [];
  const context = testContext();
  const execution = createExecution({
    graph,
    dynamic: createDynamicGraph(graph),
    outputs,
    nodes: FLOW_NODES,
    cache,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    behaviour: RULES,
    contextOf: (nodeId) => ({ ...context, nodeId }),
  });
  for (const id of outputs) await execution.signatures.sign(id);
  for (const id of outputs) execution.order.add(id);
  return { ...execution, events };
}
