// Inputs that many nodes of the Impact Pack share.
import { DarkroomError } from '../../../errors.ts';
import { SAMPLER_NAMES } from '../../../sampling/samplers/index.ts';
import { IMPACT_SCHEDULERS } from '../../../sampling/schedules/impact-schedules.ts';
import type { DenoiseSampler } from '../../../segs/hooks.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { boolean, combo, float, type InputValues, int, seed, socket } from '../../declare.ts';
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
  tooltip: 'How far each part is drawn anew.',
});
export const feather = int({
  default: 5,
  min: 0,
  max: 100,
  step: 1,
  tooltip: 'Blur of the edge that a part is pasted with.',
});

const switched = { label_on: 'enabled', label_off: 'disabled' } as const;
const INPAINT_MODEL = 'For inpainting models.';
const NOISE_MASK_FEATHER =
  'Blur of the mask inside of which is sampled; above 0 the mask says from which step on a cell changes.';

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

export const schedulerFunc = {
  scheduler_func_opt: socket('SCHEDULER_FUNC', {
    optional: true,
    tooltip: 'A schedule in place of the named one.',
  }),
};

type PartSampling = InputValues<typeof samplerInputs> &
  Partial<InputValues<typeof schedulerFunc>> & { readonly denoise: number };

/** What samples each part, of the widgets above and the model with its prompts. */
export const denoiseSamplerOf = (
  prompted: Pick<BasicPipe, 'model' | 'positive' | 'negative'>,
  i: PartSampling,
): DenoiseSampler => ({
  ...prompted,
  seed: i.seed,
  steps: i.steps,
  cfg: i.cfg,
  samplerName: i.sampler_name,
  scheduler: i.scheduler,
  denoise: i.denoise,
  schedulerFunc: i.scheduler_func_opt,
});

/** Throws DR_INPUT_INVALID for a batch of pictures, which the node of this name can't take. */
export function requireSingleImage(image: Tensor, what: string): void {
  if (image.shape[0] === 1) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${what} takes one picture, not a batch of ${image.shape[0]}`,
    hint: 'Split the batch with ImpactImageBatchToImageList: the node then runs once for each picture.',
    input: 'image',
  });
}
