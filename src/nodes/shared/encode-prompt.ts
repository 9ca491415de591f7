// Conditionings of prompts, with the hooks of a CLIP (comfy.sd CLIP.encode_from_tokens_scheduled).
import type { Clip, EncodedPrompt } from '../../models/clip/clip.ts';
import { clipSchedule } from '../../models/hooks/clip-schedule.ts';
import type { Conditioning, ConditioningEntry } from '../../sampling/sampling-types.ts';

/**
 * Returns the conditioning of a prompt that `encode` encodes with a CLIP: one entry with these
 * values, or one for each part of the denoising if the CLIP has scheduled hooks.
 */
export async function encodePrompt(
  clip: Clip,
  encode: (clip: Clip) => Promise<EncodedPrompt>,
  values: Partial<ConditioningEntry> = {},
): Promise<Conditioning> {
  const { hooks } = clip;
  const attached = hooks?.ofConditionings?.length ? { hooks: hooks.ofConditionings } : {};
  if (!hooks?.isScheduled) return [entryOf(await encode(clip), { ...attached, ...values })];
  const entries: ConditioningEntry[] = [];
  for (const { start, end, factors } of clipSchedule(hooks.group)) {
    const range = { clip_start_percent: start, clip_end_percent: end };
    const encoded = await encode(hooks.at(factors));
    entries.push(entryOf(encoded, { ...range, ...attached, ...values }));
  }
  return entries;
}

const entryOf = (
  { cond, pooled, mask, imageSlots, tokens, layers }: EncodedPrompt,
  values: Partial<ConditioningEntry>,
): ConditioningEntry => ({
  cond,
  pooled_output: pooled,
  ...(mask && { attention_mask: mask }),
  ...(imageSlots && { image_slots: imageSlots }),
  ...(tokens && { t5xxl_tokens: tokens }),
  ...(layers && { conditioning_llama3: layers }),
  ...values,
});
