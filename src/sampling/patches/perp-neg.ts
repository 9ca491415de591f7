// Perpendicular negative guidance as a model patch (PerpNeg; arXiv 2304.04968,
// comfy_extras/nodes_perpneg.py). The guider of the same method is in guiders/.
import { map } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import { perpendicular } from '../guiders/guidance-step.ts';
import type { Conditioning, Model } from '../sampling-types.ts';
import { setCfgFunction } from './patch-model.ts';

/** Guides away from the part of the negative side that is perpendicular to the positive side. */
export const withPerpNeg = (model: Model, empty: Conditioning, negScale: number): Model =>
  setCfgFunction(model, async ({ x, cfg, cond, uncond, evaluate }) => {
    const unguided = await evaluate({ negative: empty });
    const guided = perpendicular(cond, uncond, unguided, negScale, cfg);
    return map(x, (value, i) => value - f32(value - guided.data[i]));
  });
