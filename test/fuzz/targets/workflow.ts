// Workflows in both of ComfyUI's forms: reading, conversion, validation, form, program.
import { readWorkflowBytes } from '../../../src/workflow/read/read.ts';
import { filesOf } from '../inputs.ts';
import type { FuzzTarget } from '../target.ts';
import { useWorkflow, WORKFLOW_WORDS } from '../workflows.ts';

export const target: FuzzTarget = {
  run: (input) => useWorkflow(readWorkflowBytes(input, 'input', { now: new Date(0) })),
  seeds: () => [
    ...filesOf('examples', /\.json$/, 8000),
    ...filesOf('test/golden/workflows', /\.json$/, 8000),
  ],
  dictionary: WORKFLOW_WORDS,
  maxBytes: 8192,
};
