// Status texts, progress and warnings of the regional samplers.
import type { RegionalPass, RegionalPrompt } from '../../../../sampling/runs/regional.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { softMaskWarning } from '../../../../sampling/warnings.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext } from '../../../context.ts';
import { previewOf } from '../../../shared/sampling-preview.ts';

/** How a regional run is counted for its reports. */
interface RegionalSteps {
  readonly regions: readonly RegionalPrompt[];
  /** The first step of the run in the whole schedule. */
  readonly start: number;
  readonly count: number;
  /** The number that is shown for a step of the schedule. */
  readonly shownStep: (step: number) => number;
  /** The total that is shown. */
  readonly shownTotal: number;
  /** How many times the base and the regions are sampled in all. */
  readonly passes: number;
}

/**
 * Sampling hooks that report the start of each pass (the base or a region in a step) as the
 * original's status text (`3/20 steps  |  1/2`), and its end as progress.
 */
export function regionalProgress(context: NodeContext, steps: RegionalSteps) {
  const { regions, start, count, shownStep, shownTotal, passes } = steps;
  const total = regions.length;
  let finished = 0;
  let preview: (() => ReturnType<typeof previewOf>) | undefined;
  return {
    rules: context.behaviour,
    signal: context.signal,
    warn: context.warn,
    beforePass({ step, pass }: RegionalPass) {
      const share = ((step - start) * total + pass) / (count * total);
      context.status(
        `${shownStep(step)}/${shownTotal} steps  |  ${pass ? `${pass}/${total}` : '       '}`,
        Math.min(share, 1),
      );
    },
    onStep: (_step: number, _total: number, denoised: Tensor, model: Model) => {
      preview = () => previewOf(model, denoised, context);
    },
    afterPass: () => context.progress(++finished, passes, preview),
  };
}

/** Reports the end of a run, then clears the status. */
export function reportRegionalEnd(context: NodeContext, shownTotal: number): void {
  context.status(`${shownTotal}/${shownTotal} steps`, 1);
  context.status('');
}

/** Warns about regions whose masks have values between 0 and 1. */
export function warnAboutSoftMasks(
  regions: readonly RegionalPrompt[],
  { warn }: NodeContext,
): void {
  for (const [i, { mask }] of regions.entries()) {
    const warning = softMaskWarning(
      `the mask of region ${i + 1}`,
      mask,
      'the base excludes everything above 0, the region starts above 0.5',
    );
    if (warning) warn(warning);
  }
}
