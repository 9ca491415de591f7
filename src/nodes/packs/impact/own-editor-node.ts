// The entry of a running node in the editor's own workflow, which nodes read for what no input has.
import { isJsonObject, type JsonObject } from '../../../formats/json.ts';
import type { NodeContext } from '../../context.ts';

/** The node in `extra_pnginfo.workflow`; undefined where the prompt came without one. */
export function ownEditorNode(context: NodeContext): Readonly<JsonObject> | undefined {
  const workflow = context.extra()['workflow'];
  const nodes = isJsonObject(workflow) && Array.isArray(workflow['nodes']) ? workflow['nodes'] : [];
  const node = nodes.find((other) => isJsonObject(other) && String(other['id']) === context.nodeId);
  return isJsonObject(node) ? node : undefined;
}
