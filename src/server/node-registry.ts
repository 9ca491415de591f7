// What the server does with node declarations: /object_info, validation of prompts, reading of
// workflows. Imported after the server listens, because importing all nodes takes longer than
// importing the rest of the server.
import type { JsonObject } from '../formats/json.ts';
import { NODES } from '../nodes/index.ts';
import type { Folders } from '../storage/folders.ts';
import { apiGraphOf } from '../workflow/api-graph.ts';
import type { NodeTable } from '../workflow/node-table.ts';
import { buildForm } from '../workflow/overrides/form.ts';
import { readWorkflowBytes } from '../workflow/read/read.ts';
import type { PromptGraph, WorkflowResponse } from './api-types.ts';
import { createObjectInfo, type ObjectInfo } from './object-info.ts';
import { type AcceptedPrompt, checkPrompt, type RefusedPrompt } from './prompt-request.ts';

export interface NodeRegistry {
  readonly objectInfo: ObjectInfo;
  /** See `checkPrompt`. */
  checkPrompt(body: JsonObject, idempotencyKey?: string): AcceptedPrompt | RefusedPrompt;
  /** Reads a workflow of any format. Throws a DarkroomError for a file without a workflow. */
  readWorkflow(bytes: Uint8Array, name: string): WorkflowResponse;
  /** Whether all nodes and files of a workflow exist on this machine. */
  canRun(workflow: WorkflowResponse): boolean;
}

/** Creates the registry of `nodes`, by default the built-in ones. */
export function openNodeRegistry(folders: Folders, nodes: NodeTable = NODES): NodeRegistry {
  return {
    objectInfo: createObjectInfo(nodes, folders),
    checkPrompt: (body, idempotencyKey) => checkPrompt(body, nodes, folders, idempotencyKey),
    readWorkflow: (bytes, name) => {
      const { graph, extra, form, notes } = readWorkflowBytes(bytes, name, { nodes });
      return {
        prompt: apiGraphOf(graph) as unknown as PromptGraph,
        extra: extra as JsonObject,
        source: form,
        notes,
        form: buildForm(graph, nodes, folders),
      };
    },
    canRun: ({ prompt, form }) =>
      form.missing.length === 0 &&
      Object.values(prompt).every(({ class_type }) => nodes.has(class_type)),
  };
}
