// Error objects of POST /prompt whose form depends on the release of ComfyUI. After execution.py.
import type { Json } from '../../formats/json.ts';
import { type Behaviour, behaviourOf } from '../../nodes/versions/behaviour-changes.ts';
import { NEWEST_VERSION } from '../../nodes/versions/comfyui-versions.ts';
import type { ComfyError } from './comfy-error.ts';
import { repr, str } from './python-values.ts';

/** What the errors of a release depend on. */
export type ErrorForms = Pick<
  Behaviour,
  'missingNodesHaveTitles' | 'cyclesAreNamed' | 'refusedValuesAreRepr'
>;

export const NEWEST_FORMS: ErrorForms = behaviourOf(NEWEST_VERSION);

/** A node whose class type is missing (undefined) or unknown. */
interface NodeWithoutClass {
  readonly id: string;
  readonly classType?: string;
  readonly title?: string;
}

export function missingNode(
  { id, classType, title }: NodeWithoutClass,
  { missingNodesHaveTitles }: ErrorForms,
): ComfyError {
  const details = `Node ID '#${id}'`;
  if (!missingNodesHaveTitles) {
    const reason =
      classType === undefined
        ? 'a node is missing the class_type property.'
        : `node ${classType} does not exist.`;
    const message = `Cannot execute because ${reason}`;
    return { type: 'invalid_prompt', message, details, extra_info: {} };
  }
  const named = title ?? classType ?? null;
  const message =
    classType === undefined
      ? `Node '${title || `ID #${id}`}' has no class_type. ` +
        'The workflow may be corrupted or a custom node is missing.'
      : `Node '${named}' not found. The custom node may not be installed.`;
  const extra_info = { node_id: id, class_type: classType ?? null, node_title: named };
  return { type: 'missing_node_type', message, details, extra_info };
}

/** A value that a combo does not have, in an error. */
export const refusedValue = (value: Json, { refusedValuesAreRepr }: ErrorForms): string =>
  refusedValuesAreRepr ? repr(value) : `'${str(value)}'`;

/** A cycle at one of its nodes; `path` names the nodes with their types, the first one twice. */
export const dependencyCycle = (
  nodeId: string,
  nodes: readonly string[],
  path: readonly string[],
): ComfyError => ({
  type: 'dependency_cycle',
  message: 'Dependency cycle detected',
  details: path.join(' -> '),
  extra_info: { node_id: nodeId, cycle_nodes: [...nodes] },
});
