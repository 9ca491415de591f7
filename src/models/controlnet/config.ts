// The architecture of a ControlNet (Zhang et al. 2023, arXiv 2302.05543), read from its tensors'
// names and shapes in the layout of the original checkpoints.
import { type EncoderConfig, encoderConfig } from '../unet/config.ts';
import type { Weights } from '../weights/tensors.ts';
import { unionKinds } from './union.ts';

export interface ControlNetConfig extends EncoderConfig {
  /** Colour channels of the hint. */
  readonly hintChannels: number;
  /**
   * Names of the convolutions that reduce the hint to the latent's size; every second one from the
   * third on, except the last, has a stride of 2.
   */
  readonly hint: readonly string[];
  /** Number of control types of a union network; 0 for others. */
  readonly kinds: number;
}

/**
 * Reads the architecture. Throws DR_MODEL_UNSUPPORTED when a tensor that every ControlNet of SD1,
 * SD2 and SDXL has is missing.
 */
export const controlNetConfig = (weights: Weights): ControlNetConfig => ({
  ...encoderConfig(weights),
  ...hintConfig(weights),
  kinds: unionKinds(weights),
});

export type HintConfig = Pick<ControlNetConfig, 'hintChannels' | 'hint'>;

/** Reads the part that processes the hint. */
export function hintConfig(weights: Weights): HintConfig {
  const hint: string[] = [];
  for (let name = hintLayer(0); weights.has(`${name}.weight`); name = hintLayer(hint.length))
    hint.push(name);
  return { hintChannels: weights.shape(`${hintLayer(0)}.weight`)[1], hint };
}

/** The name of a convolution; every second module is an activation. */
const hintLayer = (index: number): string => `input_hint_block.${2 * index}`;
