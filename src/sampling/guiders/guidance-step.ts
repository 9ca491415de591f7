// The arithmetic of one guided prediction, with the model's patches (comfy.samplers cfg_function,
// comfy_extras/nodes_perpneg.py perp_neg).
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { add, f32, scale, sub } from '../float32.ts';
import type { GuidanceStep, Model, Predict, Sides, SidesStep } from '../sampling-types.ts';

/** from + (to - from) * amount */
export const applyGuidance = (from: Tensor, to: Tensor, amount: number): Tensor =>
  tensor(from.shape, add(from.data, scale(sub(to.data, from.data), amount)));

/**
 * empty + cfg * (pos - negScale * perp), where pos and neg are relative to `empty` and perp is the
 * part of neg that is perpendicular to pos (PerpNeg, arXiv 2304.04968).
 */
export function perpendicular(
  cond: Tensor,
  uncond: Tensor,
  empty: Tensor,
  negScale: number,
  cfg: number,
): Tensor {
  const pos = sub(cond.data, empty.data);
  const neg = sub(uncond.data, empty.data);
  let [dot, norm] = [0, 0];
  for (let i = 0; i < pos.length; i++) {
    dot += pos[i] * neg[i];
    norm += pos[i] * pos[i];
  }
  const perp = sub(neg, scale(pos, f32(f32(dot) / f32(f32(Math.sqrt(norm)) ** 2))));
  return tensor(cond.shape, add(empty.data, scale(sub(pos, scale(perp, negScale)), cfg)));
}

/** Combines both sides' predictions, with all of the model's patches. */
export async function guideSides(
  model: Model,
  step: GuidanceStep & SidesStep,
): ReturnType<Predict> {
  const sides = beforeCfg(model, step);
  return { denoised: await guide(model, { ...step, ...sides }), uncond: sides.uncond };
}

/** Classifier-free guidance or the model's replacement of it, then the patches after it. */
export async function guide(model: Model, step: GuidanceStep): Promise<Tensor> {
  const cfgFunction = model.patches?.cfgFunction;
  const guided = cfgFunction
    ? await cfgFunction(step)
    : applyGuidance(step.uncond, step.cond, step.cfg);
  return afterCfg(model, guided, step);
}

/** Applies the patches that change both sides' predictions. */
export function beforeCfg(model: Model, step: SidesStep): Sides {
  let { cond, uncond }: Sides = step;
  for (const patch of model.patches?.preCfg ?? [])
    ({ cond, uncond } = patch({ ...step, cond, uncond }));
  return { cond, uncond };
}

/** Applies the patches that change the guided prediction. */
export async function afterCfg(
  model: Model,
  denoised: Tensor,
  step: GuidanceStep,
): Promise<Tensor> {
  let guided = denoised;
  for (const patch of model.patches?.postCfg ?? []) guided = await patch(guided, step);
  return guided;
}
