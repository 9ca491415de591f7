// What guiders share: the evaluations of a run, the patches around them, and cfg at a noise level.
import type { DenoiserVariant } from '../../models/denoiser.ts';
import type { Draws } from '../../models/unet/unet-patch.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type ConditionedRun,
  type PreparedCondition,
  prepareConditions,
  type Side,
} from '../conditioning/prepare.ts';
import type { GuidanceStep, Model, NetworkCache, Predict } from '../sampling-types.ts';
import { predictSides } from './predict.ts';

export interface GuidedRun extends ConditionedRun {
  /** The sampler needs the negative side's prediction: all sides are evaluated. */
  readonly allSides?: boolean;
  /** What patches of the network draw from. */
  readonly draws?: Draws;
}

export type Conditions = readonly PreparedCondition[];

/** Wraps a run's prediction in the model's patches. */
export const withPredictPatches = (model: Model, predict: Predict): Predict =>
  (model.patches?.predict ?? []).reduce((inner, wrap) => wrap(inner), predict);

/** The strength of the guidance at a noise level, which patches of the model can replace. */
export const cfgAt = ({ patches }: Model, cfg: number, sigma: number): number =>
  (patches?.cfgAt ?? []).reduce((now, at) => at(sigma) ?? now, cfg);

/** Whether the sampler or a patch needs the prediction of the negative side. */
export const needsAllSides = (model: Model, run: GuidedRun): boolean =>
  run.allSides === true ||
  model.patches?.recordsAttention === true ||
  model.patches?.allSides === true;

/** The evaluations of a run: those of the guider, and those that patches request. */
export class RunEvaluations {
  readonly #model: Model;
  readonly #run: GuidedRun;
  readonly #cache: NetworkCache | undefined;
  /** What the network recorded last. */
  #attention: Tensor | undefined;

  constructor(model: Model, run: GuidedRun) {
    this.#model = model;
    this.#run = run;
    const { denoiser, patches: { stepCache } = {} } = model;
    const caches = stepCache?.kind === 'easy' && !denoiser.ignoresStepCache;
    this.#cache = caches ? stepCache.create(model) : undefined;
  }

  /** Predicts for the guider's sides; the second is the one that is recorded. */
  predict(sides: readonly Conditions[], x: Tensor, sigma: number): Promise<Tensor[]> {
    return this.predictWith(this.#model, sides, x, sigma);
  }

  /**
   * Predicts for the positive and the negative side, if there is one; each by itself where the
   * negative side has a network of its own.
   */
  async predictSides(sides: readonly Conditions[], x: Tensor, sigma: number): Promise<Tensor[]> {
    const variant = sides[1] && this.#model.patches?.negativeVariant?.(sigma);
    if (!variant) return this.predict(sides, x, sigma);
    const [cond] = await this.predict([sides[0], []], x, sigma);
    const [, uncond] = await this.predictWith(this.#model, [[], sides[1]], x, sigma, variant);
    return [cond, uncond];
  }

  /** As `predict`, by another model or a variant of its network. */
  predictWith(
    model: Model,
    sides: readonly Conditions[],
    x: Tensor,
    sigma: number,
    variant?: DenoiserVariant,
  ): Promise<Tensor[]> {
    return predictSides(model, sides, x, sigma, {
      variant,
      draws: this.#run.draws,
      cache: this.#cache,
      onAttention: (received) => {
        this.#attention = received;
      },
    });
  }

  /** What patches receive of a step besides its predictions. */
  step(
    sides: { readonly positive: Conditions; readonly negative: Conditions },
    x: Tensor,
    sigma: number,
  ): Pick<GuidanceStep, 'x' | 'sigma' | 'sampling' | 'attention' | 'evaluate'> {
    const [model, run] = [this.#model, this.#run];
    return {
      x,
      sigma,
      sampling: model.sampling,
      attention: this.#attention,
      evaluate: async (conditioning, { variant, x: other } = {}) => {
        const conditions =
          typeof conditioning === 'string'
            ? sides[conditioning]
            : prepareConditions(model, { other: ['negative' as Side, conditioning.negative] }, run)
                .other;
        const options = { draws: run.draws, variant, cache: this.#cache };
        const [prediction] = await predictSides(model, [conditions], other ?? x, sigma, options);
        return prediction;
      },
    };
  }
}
