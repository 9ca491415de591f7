// Model patches that change how the two sides' predictions are combined. Source: ComfyUI
// comfy_extras/nodes_apg.py, nodes_cfg.py, nodes_eps.py, nodes_fresca.py, nodes_latent.py,
// nodes_lumina2.py, nodes_mahiro.py, nodes_tcfg.py, nodes_video_model.py.
import { DarkroomError } from '../../errors.ts';
import { allocate, copyOf } from '../../tensor/allocate.ts';
import { map, type Tensor, tensor } from '../../tensor/tensor.ts';
import { add, combine, divide, f32, linspace, scale, sub } from '../float32.ts';
import type { Model } from '../sampling-types.ts';
import { scaleFrequencies } from './frequencies.ts';
import {
  type LatentOperation,
  magnitudes,
  tonemapReinhard,
  withCells,
} from './latent-operations.ts';
import { addPostCfg, addPreCfg, setCfgFunction } from './patch-model.ts';

const like = (x: Tensor, data: Float32Array): Tensor => tensor(x.shape, data);

/** Calls `f` with the values of each item of the batch, as views. */
function eachItem(tensors: readonly Tensor[], f: (...items: Float32Array[]) => void): void {
  const count = tensors[0].shape[0];
  for (let i = 0; i < count; i++)
    f(
      ...tensors.map(({ data }) =>
        data.subarray((i * data.length) / count, ((i + 1) * data.length) / count),
      ),
    );
}

const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

const length = (a: Float32Array): number => Math.sqrt(dot(a, a));

export interface ProjectedGuidanceOptions {
  /** Factor on the guidance that is parallel to the prediction. */
  readonly eta: number;
  /** Largest norm of the guidance; 0 for no limit. */
  readonly normThreshold: number;
  /** Factor on the running average of earlier steps' guidance. */
  readonly momentum: number;
}

/**
 * Adaptive projected guidance (arXiv 2410.02416). The running average restarts when sigma rises.
 */
export function withProjectedGuidance(
  model: Model,
  { eta, normThreshold, momentum }: ProjectedGuidanceOptions,
): Model {
  let average: Float32Array | undefined;
  let lastSigma: number | undefined;
  return addPreCfg(model, ({ cond, uncond, sigma, cfg }) => {
    if (lastSigma !== undefined && sigma > lastSigma) average = undefined;
    lastSigma = sigma;
    let guidance = sub(cond.data, uncond.data);
    if (momentum !== 0) {
      average = average ? add(scale(average, momentum), guidance) : guidance;
      guidance = average;
    }
    const changed = allocate(guidance.length);
    eachItem([like(cond, guidance), cond, like(cond, changed)], (item, prediction, out) => {
      const shrink = normThreshold > 0 ? Math.min(1, f32(normThreshold / f32(length(item)))) : 1;
      const limited = scale(item, shrink);
      const direction = divide(prediction, Math.max(length(prediction), 1e-12));
      const parallel = scale(direction, dot(limited, direction));
      out.set(add(sub(limited, parallel), scale(parallel, eta)));
    });
    const rest = divide(sub(cond.data, uncond.data), cfg);
    return { cond: like(cond, add(add(uncond.data, changed), rest)), uncond };
  });
}

/** Scales the low and high frequencies of the guidance separately (FreSca, arXiv 2504.02154). */
export const withScaledFrequencies = (
  model: Model,
  low: number,
  high: number,
  cutoff: number,
): Model =>
  addPreCfg(model, ({ cond, uncond, single }) => {
    if (single) return { cond, uncond };
    const guidance = scaleFrequencies(like(cond, sub(cond.data, uncond.data)), low, high, cutoff);
    return { cond: like(cond, add(guidance.data, uncond.data)), uncond };
  });

/** Removes from the negative prediction what is tangential to both (TCFG, arXiv 2503.18137). */
export const withTangentialDamping = (model: Model): Model =>
  addPreCfg(model, ({ x, cond, uncond, single }) => {
    if (single) return { cond, uncond };
    const [positive, negative] = [
      like(x, sub(x.data, cond.data)),
      like(x, sub(x.data, uncond.data)),
    ];
    const damped = allocate(x.data.length);
    eachItem([negative, positive, like(x, damped)], (n, p, out) => {
      const main = mainDirection(n, p);
      out.set(main.map((value) => f32(dot(n, main)) * value));
    });
    return { cond, uncond: like(x, sub(x.data, damped)) };
  });

/** The first right singular vector of the two rows. */
function mainDirection(a: Float32Array, b: Float32Array): Float32Array {
  const [aa, ab, bb] = [dot(a, a), dot(a, b), dot(b, b)];
  const angle = 0.5 * Math.atan2(2 * ab, aa - bb);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const norm = Math.sqrt(Math.max(c * c * aa + 2 * c * s * ab + s * s * bb, Number.MIN_VALUE));
  return a.map((value, i) => (c * value + s * b[i]) / norm);
}

/** Applies a latent operation to the guidance, or to the prediction if there is one side only. */
export const withLatentOperation = (model: Model, operation: LatentOperation): Model =>
  addPreCfg(model, ({ cond, uncond }) => {
    const guidance = operation(like(cond, sub(cond.data, uncond.data)));
    return { cond: like(cond, add(guidance.data, uncond.data)), uncond };
  });

/** Scales the negative side to its projection on the positive one (CFG-Zero*, arXiv 2503.18886). */
export const withZeroStar = (model: Model): Model =>
  addPostCfg(model, (denoised, { x, cond, uncond, cfg }) => {
    const [positive, negative] = [
      like(x, sub(x.data, cond.data)),
      like(x, sub(x.data, uncond.data)),
    ];
    const out = copyOf(denoised.data);
    eachItem([like(x, out), uncond, positive, negative], (item, u, p, n) => {
      const alpha = f32(f32(dot(p, n)) / f32(f32(dot(n, n)) + f32(1e-8)));
      const [more, less] = [f32(alpha - 1), f32(1 - alpha)];
      item.forEach((value, i) => {
        item[i] = f32(value + f32(u[i] * more)) + f32(f32(f32(cfg) * u[i]) * less);
      });
    });
    return like(x, out);
  });

/** Limits the norm of each cell of the guided prediction to that of the positive side. */
export const withLimitedNorm = (model: Model, strength: number): Model =>
  addPostCfg(model, (denoised, { cond }) => {
    const limits = magnitudes(cond);
    const factors = map(magnitudes(denoised), (norm, i) =>
      Math.min(Math.max(f32(limits.data[i] / f32(norm + f32(1e-8))), 0), 1),
    );
    return withCells(denoised, factors, (value, factor) => f32(value * factor) * f32(strength));
  });

/**
 * Scales each cell of the guided noise prediction to the norm of the positive side's, before it is
 * subtracted; `strength` 1 does so in full, 0 not at all (`pre_cfg` of CFGNorm).
 */
export const withMatchedNorm = (model: Model, strength: number): Model =>
  setCfgFunction(model, ({ x, cfg, cond, uncond }) => {
    const [positive, negative] = [sub(x.data, cond.data), sub(x.data, uncond.data)];
    const combined = like(x, add(negative, scale(sub(positive, negative), cfg)));
    const norms = magnitudes(combined).data;
    const factors = map(magnitudes(like(x, positive)), (norm, i) =>
      norms[i] > 0 ? norm / Math.max(norms[i], f32(1e-12)) : 1,
    );
    const full = withCells(combined, factors, (value, factor) => value * factor).data;
    const scaled = strength === 1 ? full : combine(full, strength, combined.data, 1 - strength);
    return like(x, sub(x.data, scaled));
  });

/**
 * Guides in the direction of the positive side rather than of its difference from the negative one
 * (Mahiro).
 */
export const withDirection = (model: Model): Model =>
  addPostCfg(model, (denoised, { cond, uncond, cfg }) => {
    const leap = scale(cond.data, cfg);
    const signedRoot = (values: Float32Array): Tensor =>
      like(
        cond,
        values.map((value) => f32(Math.sqrt(Math.abs(value))) * Math.sign(value)),
      );
    const [away, merged] = [
      signedRoot(scale(uncond.data, cfg)),
      signedRoot(divide(add(leap, denoised.data), 2)),
    ];
    const similarity = f32(2 * f32(meanCosine(away, merged) + 1));
    return like(cond, divide(combine(denoised.data, similarity, leap, f32(4 - similarity)), 4));
  });

/** The mean over cells of the cosine between two channel vectors. */
function meanCosine(a: Tensor, b: Tensor): number {
  const cells = (x: Tensor): Tensor => map(magnitudes(x), (value) => Math.max(value, 1e-8));
  const unit = (x: Tensor): Tensor => withCells(x, cells(x), (value, norm) => value / norm);
  const count = a.data.length / a.shape[1];
  return f32(dot(unit(a).data, unit(b).data) / count);
}

/**
 * Guides below the sigma `truncation` only, with a norm of at most `limit` times the positive
 * side's (0 for no limit); above it, returns the positive side. With a limit, a batch of several
 * images throws DR_INPUT_INVALID, as the original fails for it.
 */
export const withRenormalizedCfg = (model: Model, truncation: number, limit: number): Model =>
  setCfgFunction(model, ({ x, sigma, cfg, cond, uncond }) => {
    const result = f32(sigma) < f32(truncation) ? guidedBelow(cond, uncond, cfg, limit) : cond;
    return like(x, sub(x.data, sub(x.data, result.data)));
  });

function guidedBelow(cond: Tensor, uncond: Tensor, cfg: number, limit: number): Tensor {
  const guided = like(cond, add(uncond.data, scale(sub(cond.data, uncond.data), cfg)));
  if (!(limit > 0)) return guided;
  if (guided.shape[0] > 1) throw severalImages();
  const maxNorm = f32(f32(length(cond.data)) * limit);
  const norm = f32(length(guided.data));
  return norm >= maxNorm ? like(cond, scale(guided.data, f32(maxNorm / norm))) : guided;
}

const severalImages = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'RenormCFG with renorm_cfg above 0 works on one image at a time',
    hint: 'Set the batch size to 1, or renorm_cfg to 0.',
    input: 'renorm_cfg',
  });

/** Reinhard's tone mapping of the guidance (ComfyUI_experiments, ModelSamplerTonemapNoiseTest). */
export function withTonemappedGuidance(model: Model, multiplier: number): Model {
  const tonemap = tonemapReinhard(multiplier, 3);
  return setCfgFunction(model, ({ x, cfg, cond, uncond }) => {
    const [positive, negative] = [sub(x.data, cond.data), sub(x.data, uncond.data)];
    const guidance = tonemap(like(x, sub(positive, negative)));
    return like(x, sub(x.data, add(negative, scale(guidance.data, cfg))));
  });
}

/** Divides the predicted noise by a factor (epsilon scaling, arXiv 2308.15321). */
export const withScaledNoise = (model: Model, factor: number): Model =>
  addPostCfg(model, (denoised, { x }) =>
    like(x, sub(x.data, divide(sub(x.data, denoised.data), factor === 0 ? 1e-9 : factor))),
  );

/** A triangle wave of values from 0 to 1: rises to 1 at 0.5 and falls back to 0. */
const triangle = (values: Float32Array): Float32Array =>
  values.map((value) => 2 * f32(Math.abs(f32(value - Math.floor(f32(value + 0.5))))));

/**
 * Varies cfg along the batch, from `least` to the run's cfg: linearly, or as a triangle and back.
 */
export const withCfgAlongBatch = (
  model: Model,
  least: number,
  shape: 'linear' | 'triangle',
): Model =>
  setCfgFunction(model, ({ x, cfg, cond, uncond }) => {
    const count = x.shape[0];
    const cfgs =
      shape === 'linear'
        ? linspace(least, cfg, count)
        : triangle(linspace(0, 1, count)).map(
            (value) => f32(value * f32(cfg - least)) + f32(least),
          );
    const noise = (side: Tensor): Float32Array => sub(x.data, side.data);
    const each = x.data.length / count;
    const [positive, negative] = [noise(cond), noise(uncond)];
    return like(
      x,
      x.data.map(
        (value, i) =>
          value -
          f32(negative[i] + f32(cfgs[Math.floor(i / each)] * f32(positive[i] - negative[i]))),
      ),
    );
  });
