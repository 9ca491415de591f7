// LoRAs by the name of their file. Source: ComfyUI nodes.py (LoraLoader).
import { fileState } from '../../formats/file-state.ts';
import type { Clip } from '../../models/clip/clip.ts';
import { applyLora, type LoraStrengths } from '../../models/lora/apply.ts';
import { openLora } from '../../models/lora/file.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import type { NodeContext } from '../context.ts';
import { loraReport } from './lora-report.ts';

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
  const result = applyLora({ unet: model.denoiser, clip }, lora, strengths);
  const use = { name, lora, family: model.family, hasClip: clip !== undefined };
  const report = loraReport(use, result);
  if (report !== undefined) context.warn(report);
  return { model: { ...model, denoiser: result.unet ?? model.denoiser }, clip: result.clip };
}
