// The parameters that A1111's web UI writes.
import { readWorkflowBytes } from '../../../src/workflow/read/read.ts';
import type { FuzzTarget } from '../target.ts';
import { useWorkflow } from '../workflows.ts';

export const target: FuzzTarget = {
  run: (input) =>
    useWorkflow(readWorkflowBytes(Buffer.concat([input, Buffer.from('\nSteps: 20')]), 'input')),
  seeds: () => [
    'a cat <lora:x:0.8>\nNegative prompt: bad\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, ' +
      'Seed: 1, Size: 512x768, Model: a, Denoising strength: 0.5, Hires upscale: 2, Clip skip: 2',
    'x BREAK (y:1.2) [z]\nSteps: 1, Seed: 18446744073709551616, Size: 0x0, ControlNet: "a, b"',
  ],
  dictionary: ['<lora:', ':0.5>', ', Size: ', 'Negative prompt: ', 'Hires steps: ', 'BREAK', '"'],
};
