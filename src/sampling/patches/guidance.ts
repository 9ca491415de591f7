// Model patches that change how the two sides' predictions become one. Each gives a new model. Source: ComfyUI comfy_extras/nodes_apg.py,
// nodes_cfg.py, nodes_eps.py, nodes_fresca.py, nodes_latent.py, nodes_lumina2.py, nodes_mahiro.py, nodes_tcfg.py, nodes_video_model.py.
import { map, type Tensor, tensor } from '../../tensor/tensor.ts';
import { add, combine, divide, f32, linspace, scale, sub } from '../float32.ts';
import type { GuidanceStep, Model, ModelPatches } from '../sampling-types.ts';
import { scaleFrequencies } from './frequencies.ts';
import {
  type LatentOperation,
  magnitudes,
  tonemapReinhard,
  withCells,
} from './latent-operations.ts';

type CfgFunction = NonNullable<ModelPatches['cfgFunction']>;
type PostCfg = NonNullable<ModelPatches['postCfg']>[number];
type PreCfg = NonNullable<ModelPatches['preCfg']>[number];

const withCfg = (model: Model, cfgFunction: CfgFunction): Model => ({
  ...model,
  patches: { ...model.patches, cfgFunction },
});
const withPostCfg = (model: Model, change: PostCfg): Model => ({
  ...model,
  patches: { ...model.patches, postCfg: [...(model.patches?.postCfg ?? []), change] },
});
const withPreCfg = (model: Model, change: PreCfg): Model => ({
  ...model,
  patches: { ...model.patches, preCfg: [...(model.patches?.preCfg ?? []), change] },
});

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

export interface ProjectedGuidance {
  /** How much of the guidance along the prediction stays. */
  readonly eta: number;
  /** The guidance is never longer; 0: no limit. */
  readonly normThreshold: number;
  /** What of the last step's guidance is added. */
  readonly momentum: number;
}

/** Adaptive projected guidance (arXiv 2410.02416). The running average begins anew when the noise rises. */
export function withProjectedGuidance(
  model: Model,
  { eta, normThreshold, momentum }: ProjectedGuidance,
): Model {
  let average: Float32Array | undefined;
  let last: number | undefined;
  return withPreCfg(model, ({ cond, uncond, sigma, cfg }) => {
    if (last !== undefined && sigma > last) average = undefined;
    last = sigma;
    let guidance = sub(cond.data, uncond.data);
    if (momentum !== 0) {
      average = average ? add(scale(average, momentum), guidance) : guidance;
      guidance = average;
    }
    const changed = new Float32Array(guidance.length);
    eachItem([like(cond, guidance), cond, like(cond, changed)], (own, towards, out) => {
      const shrink = normThreshold > 0 ? Math.min(1, f32(normThreshold / f32(length(own)))) : 1;
      const limited = scale(own, shrink);
      const direction = divide(towards, Math.max(length(towards), 1e-12));
      const parallel = scale(direction, dot(limited, direction));
      out.set(add(sub(limited, parallel), scale(parallel, eta)));
    });
    const rest = divide(sub(cond.data, uncond.data), cfg);
    return { cond: like(cond, add(add(uncond.data, changed), rest)), uncond };
  });
}

/** Guidance whose coarse and fine parts are scaled apart (FreSca, arXiv 2504.02154). */
export const withScaledFrequencies = (
  model: Model,
  low: number,
  high: number,
  cutoff: number,
): Model =>
  withPreCfg(model, ({ cond, uncond, single }) => {
    if (single) return { cond, uncond };
    const guidance = scaleFrequencies(like(cond, sub(cond.data, uncond.data)), low, high, cutoff);
    return { cond: like(cond, add(guidance.data, uncond.data)), uncond };
  });

/** The negative prediction without what is tangential to both (TCFG, arXiv 2503.18137). */
export const withTangentialDamping = (model: Model): Model =>
  withPreCfg(model, ({ x, cond, uncond, single }) => {
    if (single) return { cond, uncond };
    const [positive, negative] = [
      like(x, sub(x.data, cond.data)),
      like(x, sub(x.data, uncond.data)),
    ];
    const damped = new Float32Array(x.data.length);
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

/** A latent operation on the guidance, or on the prediction when there is but one side. */
export const withLatentOperation = (model: Model, operation: LatentOperation): Model =>
  withPreCfg(model, ({ cond, uncond }) => {
    const guidance = operation(like(cond, sub(cond.data, uncond.data)));
    return { cond: like(cond, add(guidance.data, uncond.data)), uncond };
  });

/** The negative side is scaled to what it shares with the positive (CFG-Zero*, arXiv 2503.18886). */
export const withZeroStar = (model: Model): Model =>
  withPostCfg(model, (denoised, { x, cond, uncond, cfg }) => {
    const [positive, negative] = [
      like(x, sub(x.data, cond.data)),
      like(x, sub(x.data, uncond.data)),
    ];
    const out = denoised.data.slice();
    eachItem([like(x, out), uncond, positive, negative], (own, u, p, n) => {
      const alpha = f32(f32(dot(p, n)) / f32(f32(dot(n, n)) + f32(1e-8)));
      const [more, less] = [f32(alpha - 1), f32(1 - alpha)];
      own.forEach((value, i) => {
        own[i] = f32(value + f32(u[i] * more)) + f32(f32(f32(cfg) * u[i]) * less);
      });
    });
    return like(x, out);
  });

/** No cell of the guided prediction is longer than that of the positive side. */
export const withLimitedNorm = (model: Model, strength: number): Model =>
  withPostCfg(model, (denoised, { cond }) => {
    const limits = magnitudes(cond);
    const factors = map(magnitudes(denoised), (own, i) =>
      Math.min(Math.max(f32(limits.data[i] / f32(own + f32(1e-8))), 0), 1),
    );
    return withCells(denoised, factors, (value, factor) => f32(value * factor) * f32(strength));
  });

/** Guidance by the direction of the positive side rather than by its difference to the negative (Mahiro). */
export const withDirection = (model: Model): Model =>
  withPostCfg(model, (denoised, { cond, uncond, cfg }) => {
    const leap = scale(cond.data, cfg);
    const rooted = (values: Float32Array): Tensor =>
      like(
        cond,
        values.map((value) => f32(Math.sqrt(Math.abs(value))) * Math.sign(value)),
      );
    const [away, merged] = [
      rooted(scale(uncond.data, cfg)),
      rooted(divide(add(leap, denoised.data), 2)),
    ];
    const similarity = f32(2 * f32(meanCosine(away, merged) + 1));
    return like(cond, divide(combine(denoised.data, similarity, leap, f32(4 - similarity)), 4));
  });

/** The mean over the cells of the cosine between the vectors of channels. */
function meanCosine(a: Tensor, b: Tensor): number {
  const cells = (x: Tensor): Tensor => map(magnitudes(x), (value) => Math.max(value, 1e-8));
  const unit = (x: Tensor): Tensor => withCells(x, cells(x), (value, norm) => value / norm);
  const count = a.data.length / a.shape[1];
  return f32(dot(unit(a).data, unit(b).data) / count);
}

/** Below the noise `truncation` guided, and never longer than `limit` times the positive side (0: no limit); above it the positive side. */
export const withRenormalizedCfg = (model: Model, truncation: number, limit: number): Model =>
  withCfg(model, ({ x, sigma, cfg, cond, uncond }) => {
    const result = f32(sigma) < f32(truncation) ? guidedBelow(cond, uncond, cfg, limit) : cond;
    return like(x, sub(x.data, sub(x.data, result.data)));
  });

function guidedBelow(cond: Tensor, uncond: Tensor, cfg: number, limit: number): Tensor {
  const guided = like(cond, add(uncond.data, scale(sub(cond.data, uncond.data), cfg)));
  if (!(limit > 0)) return guided;
  eachItem([guided, cond], (own, positive) => {
    const most = f32(f32(length(positive)) * limit);
    const norm = f32(length(own));
    if (norm >= most) own.set(scale(own, f32(most / norm)));
  });
  return guided;
}

/** Reinhard's tone mapping of the guidance (ComfyUI_experiments' ModelSamplerTonemapNoiseTest). */
export function withTonemappedGuidance(model: Model, multiplier: number): Model {
  const held = tonemapReinhard(multiplier, 3);
  return withCfg(model, ({ x, cfg, cond, uncond }) => {
    const [positive, negative] = [sub(x.data, cond.data), sub(x.data, uncond.data)];
    const guidance = held(like(x, sub(positive, negative)));
    return like(x, sub(x.data, add(negative, scale(guidance.data, cfg))));
  });
}

/** The predicted noise divided by a factor (epsilon scaling, arXiv 2308.15321). */
export const withScaledNoise = (model: Model, factor: number): Model =>
  withPostCfg(model, (denoised, { x }) =>
    like(x, sub(x.data, divide(sub(x.data, denoised.data), factor === 0 ? 1e-9 : factor))),
  );

/** `torch.linspace(0, 1)` of as many values as there are items, there and back. */
const triangle = (values: Float32Array): Float32Array =>
  values.map((value) => 2 * f32(Math.abs(f32(value - Math.floor(f32(value + 0.5))))));

/** A cfg for each item of the batch: from `least` on a line to the run's, or there and back. */
export const withCfgAlongBatch = (
  model: Model,
  least: number,
  shape: 'linear' | 'triangle',
): Model =>
  withCfg(model, ({ x, cfg, cond, uncond }: GuidanceStep) => {
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
