// The library's functions that need no engine: reading a workflow of any form, setting values,
// printing it as a program.
import type { Json } from '../formats/json.ts';
import { NODES } from '../nodes/index.ts';
import { apiGraphOf } from './api-graph.ts';
import type { ApiGraph } from './builder/workflow-builder.ts';
import { toTypeScript as printProgram } from './export/to-typescript.ts';
import { type Overrides, applyOverrides as overrideGraph } from './overrides/overrides.ts';
import {
  readWorkflow as readJson,
  readWorkflowBytes,
  readWorkflowFile,
  type Workflow,
} from './read/read.ts';

export interface ReadResult {
  readonly graph: ApiGraph;
  /** One sentence for each guess that the conversion had to make. */
  readonly notes: readonly string[];
}

/**
 * Reads a workflow in any form as an API graph: ComfyUI's API and UI formats, an image file that
 * contains one of them, or the `parameters` of A1111. `source` is a path, the bytes of a file, or
 * parsed JSON. Throws a DarkroomError for a source that can't be read.
 *
 * @example
 * const { graph, notes } = readWorkflow('workflow.json');
 * console.log(Object.keys(graph).length, notes);
 */
export function readWorkflow(source: string | Uint8Array | object): ReadResult {
  const { graph, notes } = read(source);
  return { graph: apiGraphOf(graph) as unknown as ApiGraph, notes };
}

/**
 * Returns the graph with values set: by node (`'ID.INPUT'`; ID is a node's id, title or type) or by
 * meaning (`prompt`, `negative`, `seed`, `steps`, `cfg`, `size`). Throws DR_BAD_USAGE for nodes and
 * inputs that the graph does not have.
 *
 * @example
 * const { graph } = readWorkflow('workflow.json');
 * const changed = applyOverrides(graph, { prompt: 'a red apple', seed: 7, '5.steps': 2 });
 * console.log(changed['5'].inputs.seed);
 */
export const applyOverrides = (graph: ApiGraph, set: Overrides): ApiGraph =>
  apiGraphOf(overrideGraph(read(graph).graph, set, NODES)) as unknown as ApiGraph;

/**
 * Prints a graph as a program on `darkroom-engine/nodes` that builds and runs it. Throws
 * DR_WORKFLOW_INVALID for unknown node types, links from missing nodes, and cycles.
 *
 * @example
 * const { graph } = readWorkflow('workflow.json');
 * console.log(toTypeScript(graph));
 */
export const toTypeScript = (graph: ApiGraph): string => printProgram(read(graph).graph, NODES);

function read(source: string | Uint8Array | object): Workflow {
  if (typeof source === 'string') return readWorkflowFile(source);
  return source instanceof Uint8Array
    ? readWorkflowBytes(source, 'the workflow')
    : readJson(source as Json);
}
