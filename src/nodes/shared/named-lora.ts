// LoRAs by the name of their file. Source: ComfyUI nodes.py (LoraLoader).
import type { Clip } from '../../models/clip/clip.ts';
import { applyLora, type LoraStrengths } from '../../models/lora/apply.ts';
import { openLora } from '../../models/lora/file.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import type { NodeContext } from '../context.ts';
import { fileState } from './file-cache.ts';

/** Names of tensors for text encoders. They match nothing where only the model is changed. */
const TEXT_ENCODER_TENSOR = /^(lora_te\d?_|lora_prior_te_|text_encoders?\.|text_encoder_2\.)/;
const MAX_LISTED = 3;

const listed = (names: readonly string[]): string =>
  names.length > MAX_LISTED
    ? `${names.slice(0, MAX_LISTED).join(', ')} and ${names.length - MAX_LISTED} more`
    : names.join(', ');

/** Changes when the file is replaced. Throws DR_MODEL_MISSING. */
export const namedLoraState = (name: string, context: NodeContext): Promise<string> =>
  fileState(context.modelPath('loras', name));

/**
 * A model and text encoders with a LoRA of the folder `loras` added. Warns of tensors that do not
 * fit. Throws DR_MODEL_MISSING.
 */
export async function withNamedLora(
  model: Model,
  clip: Clip | undefined,
  name: string,
  strengths: LoraStrengths,
  context: NodeContext,
): Promise<{ model: Model; clip?: Clip }> {
  if (strengths.unet === 0 && strengths.clip === 0) return { model, clip };
  const lora = await openLora(context.modelPath('loras', name));
  const result = applyLora({ unet: model.unet, clip }, lora, strengths);
  const unmatched = clip
    ? result.unmatched
    : result.unmatched.filter((key) => !TEXT_ENCODER_TENSOR.test(key));
  if (result.changed === 0)
    context.warn(
      `${name} changes nothing: it matches no weight of the ${model.family} model; ` +
        'it was made for another family of models, or is not a LoRA',
    );
  else {
    const warnings = [
      unmatched.length > 0 &&
        `${name}: ${unmatched.length} tensors match no weight of the model and are ignored: ` +
          listed(unmatched),
      result.shapeMismatches.length > 0 &&
        `${name}: ${result.shapeMismatches.length} weights have another shape and stay ` +
          `unchanged: ${listed(result.shapeMismatches)}`,
    ].filter(Boolean);
    if (warnings.length > 0) context.warn(warnings.join('; '));
  }
  return { model: { ...model, unet: result.unet ?? model.unet }, clip: result.clip };
}
