// Perturbed attention guidance, "Self-Rectifying Diffusion Sampling with Perturbed-Attention
// Guidance" (arXiv 2403.17377; comfy_extras/nodes_pag.py): guides away from a prediction in which
// the self-attention of the middle block is the identity.
import { tensor } from '../../tensor/tensor.ts';
import { add, scale, sub } from '../float32.ts';
import type { Model } from '../sampling-types.ts';
import { addPostCfg } from './patch-model.ts';

/** Adds `amount` times the difference after cfg; each step needs a third evaluation. */
export function perturbedAttentionGuidance(model: Model, amount: number): Model {
  if (amount === 0) return model;
  // The perturbation is a switch in the network, so both evaluations use one session.
  const switchable = { ...model, denoiser: model.denoiser.variant({ perturbedMiddle: false }) };
  return addPostCfg(switchable, async (denoised, { cond, evaluate }) => {
    const perturbed = await evaluate('positive', { variant: { perturbedMiddle: true } });
    const guidance = scale(sub(cond.data, perturbed.data), amount);
    return tensor(denoised.shape, add(denoised.data, guidance));
  });
}
