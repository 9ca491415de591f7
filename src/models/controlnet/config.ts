// The architecture of a ControlNet (Zhang et al. 2023, arXiv 2302.05543), read off its tensors' names and shapes, in the layout of the
// original checkpoints.
import { type EncoderConfig, encoderConfig } from '../unet/config.ts';
import type { Weights } from '../weights/tensors.ts';
import { unionKinds } from './union.ts';

export interface ControlNetConfig extends EncoderConfig {
  /** Colour channels of the hint. */
  readonly hintChannels: number;
  /** The convolutions that shrink the hint, by name; every second from the third on but the last has a stride of 2. */
  readonly hint: readonly string[];
  /** Kinds of picture it knows, where it knows several (union networks); else 0. */
  readonly kinds: number;
}

/** Throws DR_MODEL_UNSUPPORTED when a tensor is missing that every ControlNet of SD1, SD2 and SDXL has. */
export const controlNetConfig = (weights: Weights): ControlNetConfig => ({
  ...encoderConfig(weights),
  ...hintConfig(weights),
  kinds: unionKinds(weights),
});

export type HintConfig = Pick<ControlNetConfig, 'hintChannels' | 'hint'>;

/** The part that looks at the hint. */
export function hintConfig(weights: Weights): HintConfig {
  const hint: string[] = [];
  for (let name = hintLayer(0); weights.has(`${name}.weight`); name = hintLayer(hint.length))
    hint.push(name);
  return { hintChannels: weights.shape(`${hintLayer(0)}.weight`)[1], hint };
}

/** Activations stand between the convolutions. */
const hintLayer = (index: number): string => `input_hint_block.${2 * index}`;
