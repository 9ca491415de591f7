// Iterative upscaling (Impact Pack impact_pack.py IterativeLatentUpscale): a latent is enlarged in
// several steps and sampled in each.
import type { Latent, SamplingHooks } from '../../sampling/sampling-types.ts';
import { pow } from '../../tensor/pow.ts';
import type { UpscaleHooks, Upscaler } from './upscaler.ts';

export const STEP_MODES = ['simple', 'geometric'] as const;

/** Pixels per latent cell, which the original assumes for every VAE. */
const PIXELS_PER_CELL = 8;

export interface IterativeUpscale {
  /** At least 1. */
  readonly factor: number;
  readonly steps: number;
  /** simple: each step adds the same amount; geometric: each step multiplies by the same factor. */
  readonly mode: (typeof STEP_MODES)[number];
  readonly upscaler: Upscaler;
}

export interface UpscaleStep {
  readonly index: number;
  /** Size after the step, relative to the start. */
  readonly scale: number;
  /** The step that reaches the whole factor. */
  readonly final: boolean;
}

interface IterativeHooks extends UpscaleHooks, SamplingHooks {
  readonly beforeStep?: (step: UpscaleStep) => void;
}

/** Returns the steps of an upscale, without a final one if the steps before it reach the factor. */
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

/**
 * Enlarges a latent step by step. Each step gets the latent's noise mask; the upscaler of the final
 * step decides whether the result has it.
 */
export async function upscaleIteratively(
  start: Latent,
  options: IterativeUpscale,
  { beforeStep, rules, signal, warn, ...hooks }: IterativeHooks,
): Promise<Latent> {
  const { upscaler, steps } = options;
  const [height, width] = start.samples.shape.slice(2).map((cells) => cells * PIXELS_PER_CELL);
  const { noise_mask } = start;
  let latent = start;
  for (const step of upscaleSteps(options)) {
    beforeStep?.(step);
    const iteration = { current: step.index, total: steps, rules, signal, warn };
    const [w, h] = [width * step.scale, height * step.scale];
    latent = await upscaler.upscale(latent, w, h, iteration, hooks);
    if (noise_mask && !step.final) latent = { ...latent, noise_mask };
  }
  return latent;
}
