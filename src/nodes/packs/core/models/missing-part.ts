// Networks without weights of a file, which can't be saved.
import { DarkroomError } from '../../../../errors.ts';
import type { EncoderBase, TextEncoder } from '../../../../models/clip/text-encoder.ts';

/** Returns a text encoder with its weights. Throws DR_MODEL_PART_MISSING. */
export const requireBase = (
  encoder: TextEncoder,
  input: string,
): TextEncoder & { readonly base: EncoderBase } => {
  const { base } = encoder;
  if (base) return { ...encoder, base };
  throw missingPart('text encoder', input);
};

export const missingPart = (part: string, input: string): DarkroomError =>
  new DarkroomError('DR_MODEL_PART_MISSING', {
    message: `there is no ${part} to save`,
    hint: `Connect a ${part} that was loaded from a file.`,
    input,
  });
