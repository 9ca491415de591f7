// Perturbed attention guidance (Ahn et al. 2024, arXiv 2403.17377; ComfyUI comfy_extras/nodes_pag.py): away from what the model predicts when
// the middle block's self-attention looks nowhere.
import { tensor } from '../../tensor/tensor.ts';
import { add, scale, sub } from '../float32.ts';
import type { Model } from '../sampling-types.ts';

/** The model with `amount` times the difference added after cfg; a third evaluation of each step. */
export function perturbedAttentionGuidance(model: Model, amount: number): Model {
  if (amount === 0) return model;
  const postCfg: NonNullable<NonNullable<Model['patches']>['postCfg']>[number] = async (
    denoised,
    { cond, evaluate },
  ) => {
    const perturbed = await evaluate('positive', { perturbedMiddle: true });
    return tensor(
      denoised.shape,
      add(denoised.data, scale(sub(cond.data, perturbed.data), amount)),
    );
  };
  return {
    ...model,
    // one session for both: the change is a switch in it
    unet: model.unet.variant({ perturbedMiddle: false }),
    patches: { ...model.patches, postCfg: [...(model.patches?.postCfg ?? []), postCfg] },
  };
}
