// Networks without weights of a file, which can't be saved.
import { DarkroomError } from '../../../../errors.ts';
import type { EncoderBase, TextEncoder } from '../../../../models/clip/text-encoder.ts';

/**
 * Returns a text encoder with its weights. Throws DR_MODEL_PART_MISSING, and DR_MODEL_UNSUPPORTED for
 * encoders beside CLIP.
 */
export const requireBase = (
  encoder: TextEncoder,
  input: string,
): TextEncoder & { readonly base: EncoderBase } => {
  const { base } = encoder;
  if (base) return { ...encoder, base };
  if (encoder.tokenizer)
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `the text encoder ${encoder.kind} cannot be saved`,
      hint: 'Only CLIP text encoders are saved; copy the file of this one.',
      input,
    });
  throw missingPart('text encoder', input);
};

export const missingPart = (part: string, input: string): DarkroomError =>
  new DarkroomError('DR_MODEL_PART_MISSING', {
    message: `there is no ${part} to save`,
    hint: `Connect a ${part} that was loaded from a file.`,
    input,
  });
