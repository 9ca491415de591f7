// Connects a sampling run to the context of its node.
import type { SamplingHooks } from '../../sampling/sampling-types.ts';
import type { NodeContext } from '../context.ts';
import { previewOf } from './sampling-preview.ts';

/**
 * Hooks that report steps and previews to the context, and stop when its job is cancelled.
 * `countSteps` converts a run's own step into the progress of the whole node.
 */
export const samplingHooks = (
  context: NodeContext,
  countSteps = (step: number, total: number): [done: number, total: number] => [step + 1, total],
): Required<SamplingHooks> => ({
  rules: context.behaviour,
  signal: context.signal,
  warn: context.warn,
  onStep: (step, total, denoised, model) =>
    context.progress(...countSteps(step, total), () => previewOf(model, denoised, context)),
});
