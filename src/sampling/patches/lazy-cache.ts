// LazyCache (comfy_extras/nodes_easycache.py): skips steps whose prediction would hardly differ,
// and adds the last evaluated step's change instead. The expected change of a prediction follows
// from the change of the latent, on every eighth cell; the changes of skipped steps add up to a
// threshold.
import { DarkroomError } from '../../errors.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { add, f32, sub } from '../float32.ts';
import type { Model, Predict } from '../sampling-types.ts';
import { setPatches, wrapPredict } from './patch-model.ts';

/** Options of LazyCache and EasyCache. */
export interface CacheOptions {
  /** Steps are skipped while the sum of their expected relative changes is below this. */
  readonly threshold: number;
  /** Fractions of the whole denoising between which steps can be skipped. */
  readonly startPercent: number;
  readonly endPercent: number;
  /** Called with a line for each step in that range. */
  readonly log?: (message: string) => void;
}

/** Stride of the cells that changes are measured on. */
const STRIDE = 8;

/** The mean of the absolute values. */
export const meanSize = (values: Float32Array): number => {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return f32(sum / values.length);
};

/** Every eighth cell in both directions. */
export function subsample({ shape, data }: Tensor): Float32Array {
  const [height, width] = shape.slice(-2);
  return data.filter(
    (_, i) => (i % width) % STRIDE === 0 && (Math.floor(i / width) % height) % STRIDE === 0,
  );
}

/** The last evaluated step. */
interface EvaluatedStep {
  readonly shape: string;
  readonly x: Float32Array;
  readonly output: Float32Array;
  /** Mean size of the whole output. */
  readonly size: number;
  /** Output minus input. */
  readonly change: Float32Array;
  readonly uncond: Tensor;
}

/** Returns the model with steps skipped; each run starts afresh. */
export function withLazyCache(model: Model, options: CacheOptions): Model {
  if (model.patches?.stepCache?.kind === 'easy') throw cachedTwice();
  const marked = setPatches(model, { stepCache: { kind: 'lazy' } });
  return wrapPredict(marked, (predict) => {
    const [start, end] = [options.startPercent, options.endPercent].map((percent) =>
      f32(model.sampling.percentToSigma(percent)),
    );
    const cache = new LazyCache(predict, options);
    return (x, sigma) =>
      f32(sigma) > end ? cache.predict(x, sigma, f32(sigma) <= start) : predict(x, sigma);
  });
}

/** ComfyUI ends with an error: both write to one place. */
export const cachedTwice = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'EasyCache and LazyCache cannot be used on one model',
    hint: 'Remove one of the two.',
    input: 'model',
  });

/** The state of one run. */
class LazyCache {
  readonly #evaluate: Predict;
  readonly #options: CacheOptions;
  #last: EvaluatedStep | undefined;
  /** Change of the output relative to that of the input, in the last evaluated step. */
  #rate: number | undefined;
  /** Sum of the expected relative changes since the last evaluated step. */
  #skippedChange = 0;

  constructor(evaluate: Predict, options: CacheOptions) {
    this.#evaluate = evaluate;
    this.#options = options;
  }

  async predict(x: Tensor, sigma: number, canSkip: boolean): ReturnType<Predict> {
    if (this.#last && this.#last.shape !== `${x.shape}`) {
      this.#last = undefined;
      this.#rate = undefined;
      this.#skippedChange = 0;
    }
    const last = this.#last;
    const moved = canSkip && last ? meanSize(sub(subsample(x), last.x)) : undefined;
    if (last && moved !== undefined && this.#rate !== undefined) {
      if (this.#skips(f32(f32(this.#rate * moved) / last.size), sigma))
        return { denoised: tensor(x.shape, add(x.data, last.change)), uncond: last.uncond };
      this.#skippedChange = 0;
    }
    return this.#evaluateStep(x, sigma, moved);
  }

  #skips(expectedChange: number, sigma: number): boolean {
    const { threshold, log } = this.#options;
    this.#skippedChange = f32(this.#skippedChange + expectedChange);
    const skips = this.#skippedChange < f32(threshold);
    const relation = skips ? 'below' : 'not below';
    log?.(
      `LazyCache: sigma ${sigma}: expected change ${this.#skippedChange} ${relation} ${threshold}`,
    );
    return skips;
  }

  async #evaluateStep(x: Tensor, sigma: number, moved: number | undefined): ReturnType<Predict> {
    const { denoised, uncond } = await this.#evaluate(x, sigma);
    const output = subsample(denoised);
    if (this.#last && moved !== undefined)
      this.#rate = f32(meanSize(sub(output, this.#last.output)) / moved);
    this.#last = {
      shape: `${x.shape}`,
      x: subsample(x),
      output,
      size: meanSize(denoised.data),
      change: sub(denoised.data, x.data),
      uncond,
    };
    return { denoised, uncond };
  }
}
