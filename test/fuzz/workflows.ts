// Graphs as seeds, and an environment in which some files exist.
import type { NodeEnvironment } from '../../src/nodes/context.ts';
import { NODES } from '../../src/nodes/index.ts';
import { toTypeScript } from '../../src/workflow/export/to-typescript.ts';
import { buildForm } from '../../src/workflow/overrides/form.ts';
import { preparePrompt } from '../../src/workflow/prepare-prompt.ts';
import type { Workflow } from '../../src/workflow/read/read.ts';
import { findProblems } from '../../src/workflow/validate/find-problems.ts';

export const ENVIRONMENT: NodeEnvironment = {
  modelFiles: () => ['a.safetensors', 'b.ckpt'],
  inputFiles: () => ['a.png'],
  hasInput: (name) => name === 'a.png',
  wildcards: () => new Map([['colors', ['red', '__colors__', '{blue|green}']]]),
};

/** All that is done with a workflow before it runs. */
export function useWorkflow({ graph, extra }: Workflow): void {
  findProblems(graph, NODES, ENVIRONMENT);
  buildForm(graph, NODES, ENVIRONMENT);
  preparePrompt(graph, extra, NODES, ENVIRONMENT);
  toTypeScript(graph, NODES);
}

/** Words of workflows in both forms. */
export const WORKFLOW_WORDS = [
  ...['"class_type":"', '"inputs":{', '"nodes":[', '"links":[', '"widgets_values":[', '"type":"'],
  ...['KSampler', 'CLIPTextEncode', 'SaveImage', 'LoadImage', 'PrimitiveNode', 'Reroute', 'Note'],
  ...['ImpactWildcardProcessor', 'CheckpointLoaderSimple', 'SetNode', 'GetNode', 'workflow>'],
  ...['["1",0]', '"seed":', '"mode":4', '"mode":2', '"__proto__":', '"constructor"', 'null', '-1'],
  ...[
    '"definitions":{"subgraphs":[',
    '"groupNodes":{',
    '"extra":{',
    '%date:yyyy%',
    '"properties":{',
  ],
];
