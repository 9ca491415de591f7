// Guiders: how the predictions of a run's conditionings become one (comfy.samplers CFGGuider, sampling_function;
// comfy_extras/nodes_custom_sampler.py, nodes_perpneg.py). The GUIDER sockets carry them.
import { type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import {
  type ConditionedRun,
  type PreparedCondition,
  prepareConditions,
  type Side,
} from '../conditioning/prepare.ts';
import { add, f32, scale, sub } from '../float32.ts';
import type {
  Conditioning,
  GuidanceStep,
  Model,
  Predict,
  Sides,
  SidesStep,
} from '../sampling-types.ts';
import { predictSides } from './predict.ts';

export interface GuidedRun extends ConditionedRun {
  /** The sampler reads the negative side's prediction: no side is left out. */
  readonly allSides?: boolean;
}

export interface Guider {
  readonly model: Model;
  /** Makes the conditionings ready for a run. Throws DR_INPUT_INVALID when one does not fit the model. */
  prepare(run: GuidedRun): Predict;
}

/** A run's prediction as the model's patches want it. */
const wrapped = (model: Model, predict: Predict): Predict =>
  (model.patches?.predict ?? []).reduce((inner, wrap) => wrap(inner), predict);

/** uncond + (cond - uncond) * cfg (classifier-free guidance, arXiv 2207.12598); at cfg 1 the negative side is not evaluated. */
export const cfgGuider = (
  model: Model,
  positive: Conditioning,
  negative: Conditioning,
  cfg: number,
): Guider => ({
  model,
  prepare: (run) => {
    const sides = prepareConditions(
      model,
      { positive: ['positive', positive], negative: ['negative', negative] },
      run,
    );
    const single = isClose(cfg, 1) && !run.allSides;
    const evaluated = single ? [sides.positive] : [sides.positive, sides.negative];
    return wrapped(model, async (x, sigma) => {
      const [cond, uncond = zeros(x.shape)] = await predictSides(model, evaluated, x, sigma);
      const evaluate = evaluator(model, run, sides.positive, x, sigma);
      return guideSides(model, { x, sigma, cfg, cond, uncond, single, evaluate });
    });
  },
});

/** The positive side alone. */
export const basicGuider = (model: Model, positive: Conditioning): Guider =>
  cfgGuider(model, positive, [], 1);

export interface DualCfg {
  readonly cond1: Conditioning;
  readonly cond2: Conditioning;
  readonly negative: Conditioning;
  readonly cfgConds: number;
  readonly cfgCond2Negative: number;
  /** cond1 is guided away from cond2 first, the result away from the negative; else both differences are added up. */
  readonly nested?: boolean;
}

/** Guidance by two prompts (DualCFGGuider; "InstructPix2Pix", arXiv 2211.09800). */
export const dualCfgGuider = (
  model: Model,
  { cond1, cond2, negative, cfgConds, cfgCond2Negative, nested }: DualCfg,
): Guider => ({
  model,
  prepare: (run) => {
    const sides = prepareConditions(
      model,
      {
        positive: ['positive', cond1],
        middle: ['negative', cond2],
        negative: ['negative', negative],
      },
      run,
    );
    const skip = !nested && !run.allSides && isClose(cfgCond2Negative, 1);
    const evaluated = [
      skip ? [] : sides.negative,
      skip && isClose(cfgConds, 1) ? [] : sides.middle,
      sides.positive,
    ];
    return wrapped(model, async (x, sigma) => {
      const [away, second, first] = await predictSides(model, evaluated, x, sigma);
      const step = { x, sigma, evaluate: evaluator(model, run, sides.positive, x, sigma) };
      if (nested) {
        const text = await guide(model, { ...step, cfg: cfgConds, cond: first, uncond: second });
        return { denoised: towards(away, text, cfgCond2Negative), uncond: second };
      }
      const base = await guide(model, {
        ...step,
        cfg: cfgCond2Negative,
        cond: second,
        uncond: away,
      });
      const change = scale(sub(first.data, second.data), cfgConds);
      return { denoised: tensor(x.shape, add(base.data, change)), uncond: away };
    });
  },
});

/** Guidance by the part of the negative side that is perpendicular to the positive (PerpNegGuider; arXiv 2304.04968). */
export const perpNegGuider = (
  model: Model,
  {
    positive,
    negative,
    empty,
    cfg,
    negScale,
  }: {
    positive: Conditioning;
    negative: Conditioning;
    empty: Conditioning;
    cfg: number;
    negScale: number;
  },
): Guider => ({
  model,
  prepare: (run) => {
    const sides = prepareConditions(
      model,
      {
        positive: ['positive', positive],
        empty: ['negative', empty],
        negative: ['negative', negative],
      },
      run,
    );
    const skip = !run.allSides && isClose(negScale, 0);
    const evaluated = [
      sides.positive,
      skip ? [] : sides.negative,
      skip && isClose(cfg, 1) ? [] : sides.empty,
    ];
    return wrapped(model, async (x, sigma) => {
      const [first, second, nothing] = await predictSides(model, evaluated, x, sigma);
      const { cond, uncond } = beforeCfg(model, {
        x,
        sigma,
        cfg,
        cond: first,
        uncond: second,
        single: skip,
      });
      const evaluate = evaluator(model, run, sides.positive, x, sigma);
      const guided = perpendicular(cond, uncond, nothing, negScale, cfg);
      return {
        denoised: await afterCfg(model, guided, { x, sigma, cfg, cond, uncond, evaluate }),
        uncond,
      };
    });
  },
});

/** empty + cfg (pos - neg_scale * the part of neg perpendicular to pos), pos and neg counted from empty. */
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

const isClose = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

const towards = (from: Tensor, to: Tensor, amount: number): Tensor =>
  tensor(from.shape, add(from.data, scale(sub(to.data, from.data), amount)));

/** Both sides' predictions, changed and brought together as the model's patches want it. */
export async function guideSides(
  model: Model,
  step: GuidanceStep & SidesStep,
): ReturnType<Predict> {
  const sides = beforeCfg(model, step);
  return { denoised: await guide(model, { ...step, ...sides }), uncond: sides.uncond };
}

async function guide(model: Model, step: GuidanceStep): Promise<Tensor> {
  const combine = model.patches?.cfgFunction;
  return afterCfg(
    model,
    combine ? await combine(step) : towards(step.uncond, step.cond, step.cfg),
    step,
  );
}

function beforeCfg(model: Model, step: SidesStep): Sides {
  let { cond, uncond }: Sides = step;
  for (const change of model.patches?.preCfg ?? [])
    ({ cond, uncond } = change({ ...step, cond, uncond }));
  return { cond, uncond };
}

async function afterCfg(model: Model, denoised: Tensor, step: GuidanceStep): Promise<Tensor> {
  let guided = denoised;
  for (const change of model.patches?.postCfg ?? []) guided = await change(guided, step);
  return guided;
}

/** Evaluations beside the usual ones, for patches. */
function evaluator(
  model: Model,
  run: GuidedRun,
  positive: readonly PreparedCondition[],
  x: Tensor,
  sigma: number,
): GuidanceStep['evaluate'] {
  return async (asked, change) => {
    const unet = change ? model.unet.variant(change) : model.unet;
    const conditions =
      asked === 'positive'
        ? positive
        : prepareConditions(model, { asked: ['negative' as Side, asked.negative] }, run).asked;
    const [prediction] = await predictSides({ ...model, unet }, [conditions], x, sigma);
    return prediction;
  };
}
