// The architecture of a ControlNet (Zhang et al. 2023, arXiv 2302.05543), read off its tensors' names and shapes, in the layout of the
// original checkpoints.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { type EncoderConfig, encoderConfig } from '../unet/config.ts';
import type { Weights } from '../weights.ts';

export interface ControlNetConfig extends EncoderConfig {
  /** Colour channels of the hint. */
  readonly hintChannels: number;
  /** The convolutions that shrink the hint, by name; every second from the third on but the last has a stride of 2. */
  readonly hint: readonly string[];
}

/** Tensors of networks that guide a UNet otherwise, and what they are. */
const OTHERS = [
  ['task_embedding', 'a union ControlNet'],
  ['control_add_embedding.linear_1.weight', 'a union ControlNet'],
  ['lora_controlnet', 'a control LoRA'],
] as const;

/** Throws DR_MODEL_UNSUPPORTED for what is no plain ControlNet of SD1, SD2 or SDXL. */
export function controlNetConfig(weights: Weights): ControlNetConfig {
  const other = OTHERS.find(([tensor]) => weights.has(tensor));
  if (other)
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `${basename(weights.file)} is ${other[1]}`,
      hint: 'ControlNets for one kind of picture are supported, for SD1.x, SD2.x and SDXL.',
      file: weights.file,
    });
  const hint: string[] = [];
  for (let name = hintLayer(0); weights.has(`${name}.weight`); name = hintLayer(hint.length)) hint.push(name);
  return { ...encoderConfig(weights), hintChannels: weights.shape(`${hintLayer(0)}.weight`)[1], hint };
}

/** Activations stand between the convolutions. */
const hintLayer = (index: number): string => `input_hint_block.${2 * index}`;
