// The outputs of a workflow that are left out of a run because they are invalid, and why.
import type { DarkroomError } from '../../errors.ts';
import { describeNode } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { nodesBefore } from '../nodes-before.ts';
import type { Validation } from './validate.ts';

/**
 * The ids of the invalid outputs among `targets`, by default among all, if at least one is valid.
 */
export function leftOutputs(
  { error, outputs, graph, problems }: Validation,
  nodes: NodeTable,
  targets?: readonly string[],
): string[] {
  if (error !== null || problems.length === 0) return [];
  const valid = new Set(outputs);
  return [...graph].flatMap(([id, { classType }]) =>
    nodes.get(classType)!.outputNode && !valid.has(id) && (targets?.includes(id) ?? true)
      ? [id]
      : [],
  );
}

/** What is wrong with a node or with those before it. */
function problemsBefore({ graph, problems }: Validation, id: string): readonly DarkroomError[] {
  const before = new Set(nodesBefore(graph, [id]));
  return problems.filter(({ nodeId }) => nodeId !== undefined && before.has(nodeId));
}

/** The maximum number of problems that a warning states. */
const MAX_STATED = 3;
/** The maximum number of outputs that have a warning of their own. */
const MAX_WARNINGS = 50;

/** One sentence for each output that is left out. */
export function leftOutWarnings(
  validation: Validation,
  nodes: NodeTable,
  targets?: readonly string[],
): string[] {
  const left = leftOutputs(validation, nodes, targets);
  const warnings = left.slice(0, MAX_WARNINGS).map((id) => {
    const problems = problemsBefore(validation, id);
    const stated = problems.slice(0, MAX_STATED).map(({ message }) => message);
    const more = problems.length > MAX_STATED ? ` (and ${problems.length - MAX_STATED} more)` : '';
    const reason = stated.length > 0 ? `: ${stated.join('; ')}${more}` : '';
    return `${describeNode(id, validation.graph.get(id))} is left out${reason}`;
  });
  const others = left.length - warnings.length;
  return others > 0 ? [...warnings, `${others} more outputs are left out`] : warnings;
}
