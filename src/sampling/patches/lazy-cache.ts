// Steps whose prediction would hardly differ take the last one's change (LazyCache; ComfyUI comfy_extras/nodes_easycache.py). How much a
// prediction changes is told from how much the latent did, on every eighth cell; what was passed over adds up until it reaches the threshold.
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { add, f32, sub } from '../float32.ts';
import type { Model, Predict } from '../sampling-types.ts';

export interface LazyCache {
  /** Steps are left out as long as the sum of their expected relative changes is below. */
  readonly threshold: number;
  /** Fractions of the whole denoising between which steps may be left out. */
  readonly startPercent: number;
  readonly endPercent: number;
  /** Told of each step that is left out or not. */
  readonly log?: (message: string) => void;
}

const EVERY = 8;

const meanSize = (values: Float32Array): number => {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return f32(sum / values.length);
};

/** Every eighth cell in both directions. */
function sampled({ shape, data }: Tensor): Float32Array {
  const [height, width] = shape.slice(-2);
  return data.filter(
    (_, i) => (i % width) % EVERY === 0 && (Math.floor(i / width) % height) % EVERY === 0,
  );
}

interface State {
  readonly shape: string;
  readonly x: Float32Array;
  readonly output: Float32Array;
  /** Mean size of the whole output. */
  readonly size: number;
  /** Output less input. */
  readonly change: Float32Array;
  readonly uncond: Tensor;
}

/** The model with steps left out; each run begins anew. */
export function withLazyCache(
  model: Model,
  { threshold, startPercent, endPercent, log }: LazyCache,
): Model {
  const wrap = (predict: Predict): Predict => {
    const [start, end] = [startPercent, endPercent].map((percent) =>
      f32(model.sampling.percentToSigma(percent)),
    );
    let last: State | undefined;
    /** Change of the output over that of the input. */
    let rate: number | undefined;
    let passed = 0;
    return async (x, sigma) => {
      if (!(f32(sigma) > end)) return predict(x, sigma);
      if (last && last.shape !== `${x.shape}`) [last, rate, passed] = [undefined, undefined, 0];
      let moved: number | undefined;
      if (f32(sigma) <= start && last) {
        moved = meanSize(sub(sampled(x), last.x));
        if (rate !== undefined) {
          passed = f32(passed + f32(f32(rate * moved) / last.size));
          const skip = passed < f32(threshold);
          log?.(
            `LazyCache: sigma ${sigma}: expected change ${passed} ${skip ? 'below' : 'not below'} ${threshold}`,
          );
          if (skip)
            return { denoised: tensor(x.shape, add(x.data, last.change)), uncond: last.uncond };
          passed = 0;
        }
      }
      const { denoised, uncond } = await predict(x, sigma);
      const output = sampled(denoised);
      if (last && moved !== undefined) rate = f32(meanSize(sub(output, last.output)) / moved);
      const change = sub(denoised.data, x.data);
      last = {
        shape: `${x.shape}`,
        x: sampled(x),
        output,
        size: meanSize(denoised.data),
        change,
        uncond,
      };
      return { denoised, uncond };
    };
  };
  return {
    ...model,
    patches: { ...model.patches, predict: [...(model.patches?.predict ?? []), wrap] },
  };
}
