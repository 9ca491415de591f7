// The widths of prompts by the text encoders of a family.
import { expect, it } from 'vitest';
import { featureWidth } from './feature-width.ts';
import type { TextEncoder } from './text-encoder.ts';

// comfy/text_encoders/flux.py stacks the states of three layers, for the inputs of txt_in
it.each([
  ['qwen3_4b', 2560, 7680],
  ['qwen3_8b', 4096, 12288],
  ['mistral3_24b', 5120, 15360],
] as const)('FLUX.2 with %s of width %i: %i', (kind, width, features) => {
  const encoder = { kind, width } as TextEncoder;
  expect(featureWidth({ family: 'flux2', encoders: [encoder] })).toBe(features);
  expect(featureWidth({ family: 'z-image', encoders: [{ ...encoder, kind: 'qwen3_4b' }] })).toBe(
    width,
  );
});
