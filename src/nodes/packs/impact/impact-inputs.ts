// Inputs that several nodes of the Impact Pack share.
import { DarkroomError } from '../../../errors.ts';
import { SAMPLER_NAMES } from '../../../sampling/samplers/index.ts';
import { IMPACT_SCHEDULERS } from '../../../sampling/schedules/impact-schedules.ts';
import type { DenoiseSampler } from '../../../segs/hooks.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { NodeEnvironment } from '../../context.ts';
import { boolean, combo, float, int, seed, socket } from '../../declare.ts';
import type { InputValues } from '../../input-types.ts';
import type { BasicPipe } from './impact-sockets.ts';

export const samplerInputs = {
  seed: seed(),
  steps: int({ default: 20, min: 1, max: 10000 }),
  cfg: float({ default: 8, min: 0, max: 100 }),
  sampler_name: combo(SAMPLER_NAMES),
  scheduler: combo(IMPACT_SCHEDULERS),
};

export const segmentDenoise = float({
  default: 0.5,
  min: 0.0001,
  max: 1,
  step: 0.01,
  tooltip: 'How much each segment changes; 1 replaces it entirely.',
});
export const feather = int({
  default: 5,
  min: 0,
  max: 100,
  step: 1,
  tooltip: 'Blur of the mask under which a segment is pasted.',
});

const switched = { label_on: 'enabled', label_off: 'disabled' } as const;
const INPAINT_MODEL = 'For inpainting models.';
const NOISE_MASK_FEATHER =
  "Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.";

export const enabled = (value: boolean) => boolean({ default: value, ...switched });
export const inpaintInputs = {
  inpaint_model: boolean({ default: false, ...switched, tooltip: INPAINT_MODEL }),
  noise_mask_feather: int({ default: 20, min: 0, max: 100, step: 1, tooltip: NOISE_MASK_FEATHER }),
};
export const optionalInpaintInputs = {
  inpaint_model: boolean({ default: false, ...switched, tooltip: INPAINT_MODEL, optional: true }),
  noise_mask_feather: int({
    default: 20,
    min: 0,
    max: 100,
    step: 1,
    tooltip: NOISE_MASK_FEATHER,
    optional: true,
  }),
};

const CHOOSE_WILDCARD = 'Select the Wildcard to add to the text';
const CHOOSE_LORA = 'Select the LoRA to add to the text';
/** The lists from which the editor inserts into a prompt. */
export const chooserInputs = {
  'Select to add LoRA': {
    ...combo([], { editorOnly: true }),
    options: (environment: NodeEnvironment): readonly string[] => [
      CHOOSE_LORA,
      ...environment.modelFiles('loras'),
    ],
  },
  'Select to add Wildcard': combo([CHOOSE_WILDCARD], { editorOnly: true }),
};

export const schedulerFunc = {
  scheduler_func_opt: socket('SCHEDULER_FUNC', {
    optional: true,
    tooltip: 'A schedule that replaces the named one.',
  }),
};

type SegmentSampling = InputValues<typeof samplerInputs> &
  Partial<InputValues<typeof schedulerFunc>> & { readonly denoise: number };

/** The sampler for segments, from the inputs above and a model with its prompts. */
export const denoiseSamplerOf = (
  modelAndPrompts: Pick<BasicPipe, 'model' | 'positive' | 'negative'>,
  inputs: SegmentSampling,
): DenoiseSampler => ({
  ...modelAndPrompts,
  seed: inputs.seed,
  steps: inputs.steps,
  cfg: inputs.cfg,
  samplerName: inputs.sampler_name,
  scheduler: inputs.scheduler,
  denoise: inputs.denoise,
  schedulerFunc: inputs.scheduler_func_opt,
});

/** Throws DR_INPUT_INVALID for a batch of images, which the node `type` does not support. */
export function requireSingleImage(image: Tensor, type: string): void {
  if (image.shape[0] === 1) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${type} needs a single image, got a batch of ${image.shape[0]}`,
    hint:
      'Split the batch with ImpactImageBatchToImageList: ' +
      'the node then runs once for each image.',
    input: 'image',
  });
}
