// What the server does in threads about the workflows that it offers: the examples of the package,
// for the built-in page and as templates of ComfyUI's editor, and the one that the page starts
// with.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readWorkflowBytes } from '../../workflow/read/read.ts';
import { apiToUi } from '../../workflow/ui/api-to-ui.ts';
import type { PromptGraph, WorkflowResponse } from '../api-types.ts';
import { empty, json, type RouteResponse } from '../http/responses.ts';
import type { RequestedModel } from '../start-workflow.ts';
import { templateIndex } from '../templates.ts';
import type { InputNames, TaskContext } from './task-context.ts';
import { workflowResponse } from './workflow-response.ts';

type Named = InputNames & { readonly name: string };

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));

export const EXAMPLE_TASKS = {
  /** The names of the examples that can run with the files of this machine. */
  exampleNames: (context: TaskContext, _: InputNames): string[] => runnableNames(context),

  /** An example; 404 for one that lacks nodes or files here. */
  example: (context: TaskContext, { name }: Named): RouteResponse => {
    const example = readExample(context, name);
    return example ? json<WorkflowResponse>(example) : empty(404);
  },

  /** The workflow that the page starts with; 404 where there is no model for it. */
  startWorkflow: async (
    context: TaskContext,
    { checkpoint, diffusionModel }: InputNames & RequestedModel,
  ): Promise<RouteResponse> => {
    const { startWorkflow } = await import('../start-workflow.ts');
    const start = await startWorkflow(context.folders, { checkpoint, diffusionModel });
    if (!start || !hasAllTypes(context, start.graph)) return empty(404);
    const bytes = Buffer.from(JSON.stringify(start.graph));
    const { notes, ...workflow } = workflowResponse(context, bytes, 'the workflow');
    return json<WorkflowResponse>({ ...workflow, notes: [...start.notes, ...notes] });
  },

  /** The index of the editor's templates. */
  templateIndex: (context: TaskContext, _: InputNames): RouteResponse =>
    json(templateIndex(runnableNames(context))),

  /** An example in the UI format; 404 likewise. */
  template: (context: TaskContext, { name }: Named): RouteResponse => {
    if (!readExample(context, name)) return empty(404);
    const { nodes, folders } = context;
    const { graph } = readWorkflowBytes(exampleBytes(name), name, {
      nodes,
      modelFiles: folders.modelFiles,
    });
    return json(apiToUi(graph, nodes));
  },
};

/** Empty when the package has no examples. */
function exampleNames(): string[] {
  try {
    const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.json'));
    return files.map((file) => basename(file, '.json'));
  } catch {
    return [];
  }
}

const exampleBytes = (name: string): Buffer => readFileSync(join(EXAMPLES, `${name}.json`));

const runnableNames = (context: TaskContext): string[] =>
  exampleNames().filter((name) => readExample(context, name));

/** undefined for an example that does not exist, or that lacks nodes or files here. */
function readExample(context: TaskContext, name: string): WorkflowResponse | undefined {
  if (!exampleNames().includes(name)) return undefined;
  const example = workflowResponse(context, exampleBytes(name), `${name}.json`);
  const canRun = example.form.missing.length === 0 && hasAllTypes(context, example.prompt);
  return canRun ? example : undefined;
}

const hasAllTypes = ({ nodes }: TaskContext, graph: PromptGraph<unknown>): boolean =>
  Object.values(graph).every(({ class_type }) => nodes.has(class_type));
