// Guiders combine the predictions for a run's conditionings into one (comfy.samplers CFGGuider,
// sampling_function; comfy_extras/nodes_custom_sampler.py, nodes_perpneg.py).
import { tensor, zeros } from '../../tensor/tensor.ts';
import {
  type ConditionedRun,
  type PreparedCondition,
  prepareConditions,
  type Side,
} from '../conditioning/prepare.ts';
import { add, scale, sub } from '../float32.ts';
import type { Conditioning, GuidanceStep, Model, Predict } from '../sampling-types.ts';
import {
  afterCfg,
  applyGuidance,
  beforeCfg,
  guide,
  guideSides,
  perpendicular,
} from './guidance-step.ts';
import { predictSides } from './predict.ts';

export interface GuidedRun extends ConditionedRun {
  /** The sampler needs the negative side's prediction: all sides are evaluated. */
  readonly allSides?: boolean;
}

/** The value of a GUIDER socket. */
export interface Guider {
  readonly model: Model;
  /**
   * Prepares the conditionings for a run. Throws DR_INPUT_INVALID if one does not fit the model.
   */
  prepare(run: GuidedRun): Predict;
}

type Conditions = readonly PreparedCondition[];

/** Wraps a run's prediction in the model's patches. */
const withPredictPatches = (model: Model, predict: Predict): Predict =>
  (model.patches?.predict ?? []).reduce((inner, wrap) => wrap(inner), predict);

/**
 * Classifier-free guidance (arXiv 2207.12598): uncond + (cond - uncond) * cfg. At cfg 1 the
 * negative side is not evaluated.
 */
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
    return withPredictPatches(model, async (x, sigma) => {
      const [cond, uncond = zeros(x.shape)] = await predictSides(model, evaluated, x, sigma);
      const evaluate = evaluator({ model, run, positive: sides.positive, x, sigma });
      return guideSides(model, { x, sigma, cfg, cond, uncond, single, evaluate });
    });
  },
});

/** The positive side alone. */
export const basicGuider = (model: Model, positive: Conditioning): Guider =>
  cfgGuider(model, positive, [], 1);

export interface DualCfgOptions {
  readonly cond1: Conditioning;
  readonly cond2: Conditioning;
  readonly negative: Conditioning;
  readonly cfgConds: number;
  readonly cfgCond2Negative: number;
  /**
   * Guides cond1 away from cond2, then the result away from the negative; else adds both guidances.
   */
  readonly nested?: boolean;
}

/** Guidance by two prompts (DualCFGGuider; "InstructPix2Pix", arXiv 2211.09800). */
export const dualCfgGuider = (model: Model, options: DualCfgOptions): Guider => ({
  model,
  prepare: (run) => {
    const { cfgConds, cfgCond2Negative, nested } = options;
    const sides = prepareConditions(
      model,
      {
        positive: ['positive', options.cond1],
        middle: ['negative', options.cond2],
        negative: ['negative', options.negative],
      },
      run,
    );
    const skipsNegative = !nested && !run.allSides && isClose(cfgCond2Negative, 1);
    const evaluated: Conditions[] = [
      skipsNegative ? [] : sides.negative,
      skipsNegative && isClose(cfgConds, 1) ? [] : sides.middle,
      sides.positive,
    ];
    return withPredictPatches(model, async (x, sigma) => {
      const [negative, cond2, cond1] = await predictSides(model, evaluated, x, sigma);
      const evaluate = evaluator({ model, run, positive: sides.positive, x, sigma });
      const step = { x, sigma, evaluate };
      if (nested) {
        const inner = await guide(model, { ...step, cfg: cfgConds, cond: cond1, uncond: cond2 });
        return { denoised: applyGuidance(negative, inner, cfgCond2Negative), uncond: cond2 };
      }
      const outer = { ...step, cfg: cfgCond2Negative, cond: cond2, uncond: negative };
      const base = await guide(model, outer);
      const guidance = scale(sub(cond1.data, cond2.data), cfgConds);
      return { denoised: tensor(x.shape, add(base.data, guidance)), uncond: negative };
    });
  },
});

export interface PerpNegOptions {
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  /** An empty prompt. */
  readonly empty: Conditioning;
  readonly cfg: number;
  readonly negScale: number;
}

/**
 * Guidance away from the part of the negative side that is perpendicular to the positive
 * (PerpNegGuider; arXiv 2304.04968).
 */
export const perpNegGuider = (model: Model, options: PerpNegOptions): Guider => ({
  model,
  prepare: (run) => {
    const { cfg, negScale } = options;
    const sides = prepareConditions(
      model,
      {
        positive: ['positive', options.positive],
        empty: ['negative', options.empty],
        negative: ['negative', options.negative],
      },
      run,
    );
    const single = !run.allSides && isClose(negScale, 0);
    const evaluated: Conditions[] = [
      sides.positive,
      single ? [] : sides.negative,
      single && isClose(cfg, 1) ? [] : sides.empty,
    ];
    return withPredictPatches(model, async (x, sigma) => {
      const [positive, negative, empty] = await predictSides(model, evaluated, x, sigma);
      const predictions = { x, sigma, cfg, cond: positive, uncond: negative, single };
      const { cond, uncond } = beforeCfg(model, predictions);
      const evaluate = evaluator({ model, run, positive: sides.positive, x, sigma });
      const guided = perpendicular(cond, uncond, empty, negScale, cfg);
      const step = { x, sigma, cfg, cond, uncond, evaluate };
      return { denoised: await afterCfg(model, guided, step), uncond };
    });
  },
});

/** Python's math.isclose. */
const isClose = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

interface EvaluatorOptions extends Pick<GuidanceStep, 'x' | 'sigma'> {
  readonly model: Model;
  readonly run: GuidedRun;
  readonly positive: Conditions;
}

/** Evaluations for patches, besides those of the guider. */
const evaluator =
  ({ model, run, positive, x, sigma }: EvaluatorOptions): GuidanceStep['evaluate'] =>
  async (conditioning, variant) => {
    const unet = variant ? model.unet.variant(variant) : model.unet;
    const conditions =
      conditioning === 'positive'
        ? positive
        : prepareConditions(model, { other: ['negative' as Side, conditioning.negative] }, run)
            .other;
    const [prediction] = await predictSides({ ...model, unet }, [conditions], x, sigma);
    return prediction;
  };
