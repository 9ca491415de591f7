// Finds what keeps a workflow from running here, and what a run would leave out, without running
// it: nodes, links, values, and the headers of the model files.
import type { CheckResult } from './darkroom-types.ts';
import { dryRun } from './engine/dry-run/dry-run.ts';
import type { DarkroomError } from './errors.ts';
import type { Folders } from './storage/folders.ts';
import type { NodeTable } from './workflow/node-table.ts';
import { nodesBefore } from './workflow/nodes-before.ts';
import type { PreparedPrompt } from './workflow/prepare-prompt.ts';
import type { Workflow } from './workflow/read/read.ts';
import { findProblems } from './workflow/validate/find-problems.ts';
import { leftOutputs } from './workflow/validate/left-out.ts';
import { missingFromTexts } from './workflow/validate/missing-from-texts.ts';

export interface CheckedWorkflow {
  readonly workflow: Workflow;
  readonly prepared: PreparedPrompt;
  readonly nodes: NodeTable;
  readonly folders: Folders;
  /** Whether an output that is left out keeps the workflow from running. */
  readonly strict?: boolean;
}

/** Returns everything that is wrong with a workflow, and does not throw for it. */
export async function checkWorkflow({
  workflow,
  prepared,
  nodes,
  folders,
  strict,
}: CheckedWorkflow): Promise<CheckResult> {
  const found = findProblems(prepared.graph, nodes, folders);
  const { validation, graph } = found;
  const invalid = new Set(found.problems.flatMap(({ nodeId }) => nodeId ?? []));
  const ends = [...graph].flatMap(([id, { classType }]) => {
    const declaration = nodes.get(classType);
    return !declaration || declaration.outputNode ? [id] : [];
  });
  const { errors: fileErrors, warnings } = await dryRun({
    ...{ graph, nodes, folders, invalid },
    targets: ends,
  });
  const errors = [...prepared.problems, ...found.problems, ...fileErrors];
  const used = new Set(nodesBefore(graph, validation.outputs));
  const stops = fileErrors.some(({ nodeId }) => nodeId !== undefined && used.has(nodeId));
  const canStart = validation.error === null && prepared.problems.length === 0 && !stops;
  const notes = [...workflow.notes, ...missingFromTexts(prepared.graph, nodes, folders)];
  return {
    runnable: strict ? errors.length === 0 : canStart,
    leftOut: leftOutputs(validation, nodes),
    missingNodes: found.nodes.map(({ type }) => type),
    missingModels: found.models.map(({ file }) => file),
    errors: unique(errors),
    nodes: found.nodes,
    models: found.models,
    notes: [...notes, ...warnings.filter((warning) => !isNoted(warning, notes))],
    validation,
  };
}

/** Whether a note says the same of an embedding that a run warns of, with its node. */
function isNoted(warning: string, notes: readonly string[]): boolean {
  const [, name] = /^(embedding:\S+) does not exist/.exec(warning) ?? [];
  return name !== undefined && notes.some((note) => note.startsWith(`${name} of `));
}

/** Several loaders of one file fail with one message. */
function unique(errors: readonly DarkroomError[]): DarkroomError[] {
  const seen = new Set<string>();
  return errors.filter(({ message }) => !seen.has(message) && seen.add(message));
}
