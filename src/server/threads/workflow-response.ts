// What the built-in page is sent of a workflow: the workflow in the API format, and its form.
import type { JsonObject } from '../../formats/json.ts';
import type { Folders } from '../../storage/folders.ts';
import { apiGraphOf } from '../../workflow/api-graph.ts';
import type { NodeTable } from '../../workflow/node-table.ts';
import { buildForm } from '../../workflow/overrides/form.ts';
import { readWorkflowBytes } from '../../workflow/read/read.ts';
import type { PromptGraph, WorkflowResponse } from '../api-types.ts';

/** Reads a workflow file of any format; `name` is for messages. Throws DR_WORKFLOW_FORMAT. */
export function workflowResponse(
  { nodes, folders }: { readonly nodes: NodeTable; readonly folders: Folders },
  bytes: Uint8Array,
  name: string,
): WorkflowResponse {
  const { graph, extra, form, notes } = readWorkflowBytes(bytes, name, {
    nodes,
    modelFiles: (folder) => folders.modelFiles(folder),
  });
  return {
    prompt: apiGraphOf(graph) as unknown as PromptGraph,
    extra: extra as JsonObject,
    source: form,
    notes,
    form: buildForm(graph, nodes, folders),
  };
}
