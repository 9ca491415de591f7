// Differential diffusion (arXiv 2306.00950; comfy_extras/nodes_differential_diffusion.py).
import { map } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import type { Model } from '../sampling-types.ts';
import { setPatches } from './patch-model.ts';

/**
 * The noise mask's value decides from which step on a cell is sampled. A strength below 1 mixes
 * that binary mask with the soft one.
 */
export const withDifferentialDiffusion = (model: Model, strength = 1): Model =>
  setPatches(model, {
    denoiseMask(sigma, mask, { sigmas, sampling }) {
      const first = sampling.timestep(sigmas[0]);
      const last = sampling.timestep(Math.max(sigmas[sigmas.length - 1], sampling.sigmaMin));
      const threshold = f32(f32(sampling.timestep(sigma) - last) / f32(first - last));
      const binary = (value: number): number => (value >= threshold ? 1 : 0);
      if (strength <= 0 || strength >= 1) return map(mask, binary);
      const [hard, soft] = [f32(strength), f32(1 - strength)];
      return map(mask, (value) => f32(hard * binary(value)) + f32(soft * value));
    },
  });
