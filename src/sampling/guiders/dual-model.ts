// Guidance by two models (comfy_extras/nodes_custom_sampler.py Guider_DualModel).
import { DarkroomError } from '../../errors.ts';
import { isClose } from '../../tensor/is-close.ts';
import { zeros } from '../../tensor/tensor.ts';
import { prepareConditions } from '../conditioning/prepare.ts';
import type { Conditioning, Model } from '../sampling-types.ts';
import { guideSides } from './guidance-step.ts';
import type { Guider } from './guider.ts';
import { cfgAt, needsAllSides, RunEvaluations, withPredictPatches } from './run-evaluations.ts';

const ONE_FILE =
  'DualModelGuider: both models are of one file; as in ComfyUI, the changes of the first one act ' +
  'on both sides';

/**
 * A model with the patches of another one's network in place of its own. Models of one file are one
 * network in the original, which has the changes of the model that is loaded last.
 */
function withOptionsOf(model: Model, other: Model): Model {
  const { base } = model.denoiser;
  if (base && base.weights === other.denoiser.base?.weights) return other;
  const denoiser = model.denoiser.withPatchesOf?.(other.denoiser);
  return denoiser ? { ...model, denoiser } : model;
}

export interface DualModelOptions {
  readonly positive: Conditioning;
  /** Throws DR_INPUT_INVALID where it is needed and absent. */
  readonly negative?: Conditioning;
  /** Predicts for the negative side. */
  readonly negativeModel: Model;
  readonly cfg: number;
}

/**
 * Guidance away from the prediction of another model (DualModelGuider). As in the original, that
 * model's network has the patches of the first model in place of its own.
 */
export const dualModelGuider = (model: Model, options: DualModelOptions): Guider => ({
  model,
  prepare: (run) => {
    const { positive, negative = [] } = options;
    const other = withOptionsOf(options.negativeModel, model);
    if (other === model && options.negativeModel !== model) run.warn?.(ONE_FILE);
    const sides = prepareConditions(
      model,
      { positive: ['positive', positive], negative: ['negative', negative] },
      run,
    );
    const { negative: away } = prepareConditions(other, { negative: ['negative', negative] }, run);
    const evaluations = new RunEvaluations(model, run);
    return withPredictPatches(model, async (x, sigma) => {
      const cfg = cfgAt(model, options.cfg, sigma);
      const [cond] = await evaluations.predict([sides.positive], x, sigma);
      const isOff = isClose(options.cfg, 1) || (isClose(cfg, 1) && !needsAllSides(model, run));
      if (isOff) return { denoised: cond, uncond: zeros(x.shape) };
      if (!options.negative) throw missingNegative();
      const [uncond] = await evaluations.predictWith(other, [away], x, sigma);
      const step = evaluations.step({ ...sides, negative: away }, x, sigma);
      return guideSides(model, { ...step, cfg, cond, uncond, single: false });
    });
  },
});

export const missingNegative = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'Stable Diffusion models do not predict without a prompt, which cfg needs',
    hint: 'Connect a conditioning to negative, of an empty prompt for example, or set cfg to 1.',
    input: 'negative',
  });
