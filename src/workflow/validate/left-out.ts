// The outputs of a workflow that are left out of a run because they are invalid, and why.
import type { DarkroomError } from '../../errors.ts';
import { describeNode, type Graph } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { nodesBefore } from '../nodes-before.ts';
import type { Validation } from './validate.ts';

export interface LeftOutput {
  readonly id: string;
  /** What is wrong with the output or with nodes before it. */
  readonly problems: readonly DarkroomError[];
}

/** The invalid outputs among `targets`, by default among all, where at least one is valid. */
export function leftOutputs(
  { error, outputs, graph, problems }: Validation,
  nodes: NodeTable,
  targets?: readonly string[],
): LeftOutput[] {
  if (error !== null || problems.length === 0) return [];
  const valid = new Set(outputs);
  const left = [...graph].flatMap(([id, { classType }]) =>
    nodes.get(classType)!.outputNode && !valid.has(id) && (targets?.includes(id) ?? true)
      ? [id]
      : [],
  );
  return left.map((id) => ({ id, problems: problemsBefore(graph, id, problems) }));
}

function problemsBefore(
  graph: Graph,
  id: string,
  problems: readonly DarkroomError[],
): readonly DarkroomError[] {
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
  const warnings = left.slice(0, MAX_WARNINGS).map(({ id, problems }) => {
    const stated = problems.slice(0, MAX_STATED).map(({ message }) => message);
    const more = problems.length > MAX_STATED ? ` (and ${problems.length - MAX_STATED} more)` : '';
    const reason = stated.length > 0 ? `: ${stated.join('; ')}${more}` : '';
    return `${describeNode(id, validation.graph.get(id))} is left out${reason}`;
  });
  const others = left.length - warnings.length;
  return others > 0 ? [...warnings, `${others} more outputs are left out`] : warnings;
}
