// Iterative upscaling (Impact Pack impact_pack.py IterativeLatentUpscale): a latent enlarged in several steps, each sampled anew.
import type { Latent } from '../../sampling/sampling-types.ts';
import { pow } from '../../tensor/pow.ts';
import type { UpscaleHooks, Upscaler } from './pixel-upscaler.ts';

export const STEP_MODES = ['simple', 'geometric'] as const;

export interface IterativeUpscale {
  /** From 1. */
  readonly factor: number;
  readonly steps: number;
  /** Steps that grow by as much each, or by the same factor. */
  readonly mode: (typeof STEP_MODES)[number];
  readonly upscaler: Upscaler;
}

/** One step: the scale of the picture that it makes; the last one makes the wanted factor. */
export interface UpscaleStep {
  readonly index: number;
  readonly scale: number;
  readonly final: boolean;
}

/** The steps; without the last one where the steps before it reach the factor. */
export function upscaleSteps({
  factor,
  steps,
  mode,
}: Omit<IterativeUpscale, 'upscaler'>): UpscaleStep[] {
  const unit = mode === 'geometric' ? pow(factor, 1 / steps) : Math.max(0, (factor - 1) / steps);
  const result: UpscaleStep[] = [];
  let scale = 1;
  for (let index = 0; index < steps - 1; index++) {
    scale = mode === 'geometric' ? scale * unit : scale + unit;
    result.push({ index, scale, final: false });
  }
  if (scale < factor) result.push({ index: steps - 1, scale: factor, final: true });
  return result;
}

/** The latent enlarged step by step. Its noise mask holds in every step; whether the result has it the last step's upscaler says. */
export async function upscaleIteratively(
  start: Latent,
  o: IterativeUpscale,
  { beforeStep, ...run }: UpscaleHooks & { readonly beforeStep?: (step: UpscaleStep) => void } = {},
): Promise<Latent> {
  const [height, width] = start.samples.shape.slice(2).map((cells) => cells * 8);
  const { noise_mask } = start;
  let latent = start;
  for (const step of upscaleSteps(o)) {
    beforeStep?.(step);
    const iteration = { current: step.index, total: o.steps, signal: run.signal, warn: run.warn };
    latent = await o.upscaler.upscale(
      latent,
      width * step.scale,
      height * step.scale,
      iteration,
      run,
    );
    if (noise_mask && !step.final) latent = { ...latent, noise_mask };
  }
  return latent;
}
