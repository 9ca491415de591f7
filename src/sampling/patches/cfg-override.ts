// Replaces cfg in a range of noise levels (CFGOverride in comfy_extras/nodes_custom_sampler.py).
import type { Model } from '../sampling-types.ts';
import { setPatches } from './patch-model.ts';

/** Returns the model with `cfg` between two fractions of the whole denoising, both included. */
export function withCfgOverride(
  model: Model,
  cfg: number,
  startPercent: number,
  endPercent: number,
): Model {
  const [high, low] = [startPercent, endPercent].map(model.sampling.percentToSigma);
  const at = (sigma: number): number | undefined =>
    low <= sigma && sigma <= high ? cfg : undefined;
  return setPatches(model, { cfgAt: [...(model.patches?.cfgAt ?? []), at] });
}
