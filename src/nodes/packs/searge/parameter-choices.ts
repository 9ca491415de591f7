// The options of SeargeSDXL's parameters, in the original's order, and inputs that its nodes share.
import { seed, socket } from '../../declare.ts';
import type { SocketInput } from '../../input-types.ts';
import type { SeargeSockets } from './searge-sockets.ts';

export const STATES = ['disabled', 'enabled'] as const;
/** hard: the refiner uses the noise of the base's seed; soft: different noise. */
export const INTENSITIES = ['hard', 'soft'] as const;
export const SEED_OFFSETS = ['same', 'distinct'] as const;
export const OPERATION_MODES = ['text to image', 'image to image', 'inpainting'] as const;
export const STYLE_TEMPLATES = ['none', 'from preprocessor', 'test'] as const;
export const SAVE_FOLDERS = ['output folder', 'input folder'] as const;

/** For each prompt style: the index of a conditioning, 0 to 4, and its group. */
export const PROMPT_STYLES = {
  simple: { selector: 0, group: 0 },
  '3 prompts G+L-N': { selector: 0, group: 0 },
  'subject focus': { selector: 1, group: 0 },
  'style focus': { selector: 2, group: 0 },
  weighted: { selector: 3, group: 0 },
  overlay: { selector: 4, group: 0 },
  'subject - style': { selector: 0, group: 1 },
  'style - subject': { selector: 1, group: 1 },
  'style only': { selector: 2, group: 1 },
  'weighted - overlay': { selector: 3, group: 1 },
  'overlay - weighted': { selector: 4, group: 1 },
} as const;

/** A name, linked or literal. */
export const nameSocket = <const S extends keyof SeargeSockets>(type: S, initial?: string) =>
  socket(type, {
    inline: true,
    ...(initial !== undefined && { default: initial }),
  }) as SocketInput<S>;

/**
 * An integer up to 2^64-1 that is not a seed: a bigint in run(), without control_after_generate.
 */
export const wideInt = (initial = 0) => {
  const { control_after_generate: _, ...rest } = seed({ default: initial });
  return rest;
};
