// Style references of USO (comfy_extras/nodes_model_patch.py USOStyleReference): tokens of an image
// before those of the prompt.
import { DarkroomError } from '../../errors.ts';
import type { ModelPatch } from '../../models/model-patch.ts';
import type { VisionOutput } from '../../models/vision/load.ts';
import type { Model } from '../sampling-types.ts';

/**
 * Returns the model with the style tokens of an image. Throws DR_INPUT_INVALID for another model
 * patch, model or vision model.
 */
export async function withStyleReference(
  model: Model,
  patch: ModelPatch,
  features: VisionOutput,
): Promise<Model> {
  if (patch.kind !== 'style-projector')
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'the model patch is not the projector of USO but a ControlNet of Z-Image',
      hint: 'Connect it to ZImageFunControlnet.',
      input: 'model_patch',
    });
  if (model.denoiser.styleTokenWidth !== patch.width)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'the projector of USO is for FLUX.1, and the model is another one',
      hint: 'Load FLUX.1 dev with UNETLoader.',
      input: 'model',
    });
  const styleTokens = [await patch.tokens(features)];
  return { ...model, denoiser: model.denoiser.variant({ styleTokens }) };
}
