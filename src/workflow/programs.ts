// What programs do with workflows without running them: read any form, set values, print as a program.
import type { Json } from '../formats/json.ts';
import { NODES } from '../nodes/index.ts';
import { apiGraphOf } from './api-graph.ts';
import type { ApiGraph } from './builder/workflow-builder.ts';
import { toTypeScript as printed } from './export/to-typescript.ts';
import { applyOverrides as applied, type Overrides } from './overrides/overrides.ts';
import {
  readWorkflow as readJson,
  readWorkflowBytes,
  readWorkflowFile,
  type Workflow,
} from './read/read.ts';

export interface ReadResult {
  readonly graph: ApiGraph;
  /** What had to be guessed when it was converted. */
  readonly notes: readonly string[];
}

/** A workflow of any form as an API graph: a path, the bytes of a file, or parsed JSON. Throws a DarkroomError for what can't be read. */
export function readWorkflow(source: string | Uint8Array | object): ReadResult {
  const { graph, notes } = read(source);
  return { graph: apiGraphOf(graph) as unknown as ApiGraph, notes };
}

/** The graph with values set: `{ prompt, negative, seed, steps, cfg, size, 'ID.INPUT': value }`. Throws DR_BAD_USAGE. */
export const applyOverrides = (graph: ApiGraph, set: Overrides): ApiGraph =>
  apiGraphOf(applied(read(graph).graph, set, NODES)) as unknown as ApiGraph;

/** The program on `darkroom/nodes` that makes and runs this graph. Throws DR_WORKFLOW_INVALID. */
export const toTypeScript = (graph: ApiGraph): string => printed(read(graph).graph, NODES);

function read(source: string | Uint8Array | object): Workflow {
  if (typeof source === 'string') return readWorkflowFile(source);
  return source instanceof Uint8Array
    ? readWorkflowBytes(source, 'the workflow')
    : readJson(source as Json);
}
