// What knows the nodes: /object_info, the intake of prompts, the reading of workflows. It is read in when the listener is up already, for all
// nodes together take longer than the rest of the server.
import type { JsonObject } from '../formats/json.ts';
import { NODES } from '../nodes/index.ts';
import type { Folders } from '../storage/folders.ts';
import { apiGraphOf } from '../workflow/api-graph.ts';
import { buildForm } from '../workflow/overrides/form.ts';
import type { WorkflowForm } from '../workflow/overrides/form-types.ts';
import { readWorkflowBytes } from '../workflow/read/read.ts';
import type { NodeTable } from '../workflow/validate/validate.ts';
import { type Intake, intake } from './intake.ts';
import { createObjectInfo, type ObjectInfo } from './object-info.ts';

export interface ReadFile {
  /** In the API format. */
  readonly prompt: JsonObject;
  /** What came with it, for `extra_pnginfo`. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly source: string;
  readonly notes: readonly string[];
  readonly form: WorkflowForm;
}

export interface Desk {
  readonly objectInfo: ObjectInfo;
  intake(body: JsonObject, idempotencyKey?: string): Intake;
  /** A workflow in any form, and its form. Throws a DarkroomError for a file that holds none. */
  read(bytes: Uint8Array, name: string): ReadFile;
  /** Whether everything that it needs is here. */
  canRun(file: ReadFile): boolean;
}

export function openDesk(folders: Folders, nodes: NodeTable = NODES): Desk {
  return {
    objectInfo: createObjectInfo(nodes, folders),
    intake: (body, idempotencyKey) => intake(body, nodes, folders, idempotencyKey),
    read: (bytes, name) => {
      const { graph, extra, form: source, notes } = readWorkflowBytes(bytes, name, { nodes });
      return {
        prompt: apiGraphOf(graph),
        extra,
        source,
        notes,
        form: buildForm(graph, nodes, folders),
      };
    },
    canRun: ({ prompt, form }) =>
      form.missing.length === 0 &&
      Object.values(prompt).every((node) => nodes.has(String((node as JsonObject)['class_type']))),
  };
}
