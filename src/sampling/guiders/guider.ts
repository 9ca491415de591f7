// Guiders combine the predictions for a run's conditionings into one (comfy.samplers CFGGuider,
// sampling_function; comfy_extras/nodes_custom_sampler.py, nodes_perpneg.py).
import { isClose } from '../../tensor/is-close.ts';
import { tensor, zeros } from '../../tensor/tensor.ts';
import { prepareConditions } from '../conditioning/prepare.ts';
import { add, scale, sub } from '../float32.ts';
import type { Conditioning, Model, Predict } from '../sampling-types.ts';
import {
  afterCfg,
  applyGuidance,
  beforeCfg,
  guide,
  guideSides,
  perpendicular,
} from './guidance-step.ts';
import {
  type Conditions,
  cfgAt,
  type GuidedRun,
  needsAllSides,
  RunEvaluations,
  withPredictPatches,
} from './run-evaluations.ts';

/** The value of a GUIDER socket. */
export interface Guider {
  readonly model: Model;
  /**
   * Prepares the conditionings for a run. Throws DR_INPUT_INVALID if one does not fit the model.
   */
  prepare(run: GuidedRun): Predict;
}

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
    const evaluations = new RunEvaluations(model, run);
    return withPredictPatches(model, async (x, sigma) => {
      const now = cfgAt(model, cfg, sigma);
      const single = isClose(now, 1) && !needsAllSides(model, run);
      const evaluated = single ? [sides.positive] : [sides.positive, sides.negative];
      const [cond, uncond = zeros(x.shape)] = await evaluations.predictSides(evaluated, x, sigma);
      const step = evaluations.step(sides, x, sigma);
      return guideSides(model, { ...step, cfg: now, cond, uncond, single });
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
    const skipsNegative = !nested && !needsAllSides(model, run) && isClose(cfgCond2Negative, 1);
    const evaluated: Conditions[] = [
      skipsNegative ? [] : sides.negative,
      skipsNegative && isClose(cfgConds, 1) ? [] : sides.middle,
      sides.positive,
    ];
    const evaluations = new RunEvaluations(model, run);
    return withPredictPatches(model, async (x, sigma) => {
      const [negative, cond2, cond1] = await evaluations.predict(evaluated, x, sigma);
      if (nested) {
        const step = evaluations.step({ ...sides, negative: sides.middle }, x, sigma);
        const inner = await guide(model, { ...step, cfg: cfgConds, cond: cond1, uncond: cond2 });
        return { denoised: applyGuidance(negative, inner, cfgCond2Negative), uncond: cond2 };
      }
      const step = evaluations.step(sides, x, sigma);
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
    const { negScale } = options;
    const sides = prepareConditions(
      model,
      {
        positive: ['positive', options.positive],
        empty: ['negative', options.empty],
        negative: ['negative', options.negative],
      },
      run,
    );
    const single = !needsAllSides(model, run) && isClose(negScale, 0);
    const evaluations = new RunEvaluations(model, run);
    return withPredictPatches(model, async (x, sigma) => {
      const cfg = cfgAt(model, options.cfg, sigma);
      const evaluated: Conditions[] = [
        sides.positive,
        single ? [] : sides.negative,
        single && isClose(cfg, 1) ? [] : sides.empty,
      ];
      const [positive, negative, empty] = await evaluations.predict(evaluated, x, sigma);
      const predictions = { x, sigma, cfg, cond: positive, uncond: negative, single };
      const { cond, uncond } = beforeCfg(model, predictions);
      const guided = perpendicular(cond, uncond, empty, negScale, cfg);
      const step = { ...evaluations.step(sides, x, sigma), cfg, cond, uncond };
      return { denoised: await afterCfg(model, guided, step), uncond };
    });
  },
});
