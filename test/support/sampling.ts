// Inputs of the golden runs of KSampler: the fixture models, and the conditionings and latents of
// the golden files.
import { loadCheckpoint } from '../../src/models/checkpoint/load.ts';
import { createRuntime } from '../../src/runtime/runtime.ts';
import { zeroOutConditioning } from '../../src/sampling/conditioning/operations.ts';
import { add, f32, scale, sub, type Vector } from '../../src/sampling/float32.ts';
import { makeModel } from '../../src/sampling/model/model.ts';
import { commonKSampler, type KSamplerOptions } from '../../src/sampling/runs/ksampler.ts';
import type { GuidedPrediction } from '../../src/sampling/samplers/sampler.ts';
import type { Conditioning, Latent, Model } from '../../src/sampling/sampling-types.ts';
import { type Tensor, zeros } from '../../src/tensor/tensor.ts';
import { fixtureModel, type Golden, type GoldenCase } from './golden.ts';
import { RULES } from './rules.ts';

const FILES: Readonly<Record<string, string>> = {
  base: 'tiny_sdxl_base',
  refiner: 'tiny_sdxl_refiner',
  sd1: 'tiny_sd1',
};

/** Fixture models by the goldens' names; `close` closes their networks. */
export function fixtureModels(): { model(name: string): Promise<Model>; close(): Promise<void> } {
  const runtime = createRuntime({ threads: 1 });
  const models = new Map<string, Promise<Model>>();
  const load = async (name: string): Promise<Model> => {
    const {
      family,
      denoiser: unet,
      prediction,
    } = await loadCheckpoint(fixtureModel(FILES[name]), runtime);
    return makeModel(family, unet, prediction);
  };
  return {
    model: (name) => {
      if (!models.has(name)) models.set(name, load(name));
      return models.get(name)!;
    },
    close: () => runtime.close(),
  };
}

/** A prompt as the original encoded it (`bp`, `bn` …) with its sizes, or `ZERO`: bn zeroed. */
export function conditioningOf(g: Golden, name: string): Conditioning {
  if (name === 'ZERO') return zeroOutConditioning(conditioningOf(g, 'bn'));
  const { width, height, crop_w, crop_h, target_width, target_height, ascore } =
    g.conditionings[name] ?? {};
  const sizes = {
    width,
    height,
    crop_w,
    crop_h,
    target_width,
    target_height,
    aesthetic_score: ascore,
  };
  // equal features are stored once, under the first prompt's name
  const features = (kind: string) =>
    g.float(
      g.has(`cond/${name}/${kind}`) ? `cond/${name}/${kind}` : `cond/${name.slice(1)}/${kind}`,
    );
  return [{ cond: features('cross'), pooled_output: features('pooled'), ...sizes }];
}

/** The latent of a case, with its noise mask and batch indices. */
export const latentOf = (g: Golden, { params, inputs }: GoldenCase): Latent => ({
  samples: g.float(inputs.latent),
  noise_mask: inputs.noise_mask ? g.float(inputs.noise_mask) : undefined,
  batch_index: params.batch_index,
});

/** Samples an empty latent of a flow model with what its generators have in common. */
export async function sampleFlow({
  size,
  ...options
}: Pick<KSamplerOptions, 'model' | 'steps' | 'positive' | 'negative'> & {
  readonly size: readonly number[];
}): Promise<Tensor> {
  const { samples } = await commonKSampler({
    ...options,
    rules: RULES,
    seed: 7n,
    cfg: 4,
    samplerName: 'euler',
    scheduler: 'simple',
    latent: { samples: zeros(size) },
  });
  return samples;
}

/** Integers above 2^53 are written as {"int": "…"}. */
export const bigintOf = (value: number | { int: string }): bigint =>
  BigInt(typeof value === 'object' ? value.int : value);

/**
 * The denoiser of samplers/*, D(x, s; B, C) = x/(s^2+1) + s/(s+1) B tanh(x/sqrt(s^2+1) + C),
 * guided: D(B2, C2) + 2 (D(B1, C1) - D(B2, C2)). That of flow models, v = (1-s)^2 + s^2:
 * D(x, s; B, C) = x (1-s)/v + s/(s+0.25) B tanh(x/sqrt(v) + C).
 */
export function analyticPrediction(
  g: Golden,
  isFlow = false,
): (x: Vector, sigma: number) => Promise<GuidedPrediction> {
  const [b1, c1, b2, c2] = ['B1', 'C1', 'B2', 'C2'].map((name) => g.float(`shared/${name}`).data);
  const side = (b: Vector, c: Vector) => (x: Vector, sigma: number) => {
    const data = f32(1 - sigma);
    const variance = f32(f32(sigma * sigma) + (isFlow ? f32(data * data) : 1));
    const root = f32(Math.sqrt(variance));
    const share = f32(sigma / f32(sigma + (isFlow ? 0.25 : 1)));
    return x.map(
      (value, i) =>
        f32((isFlow ? f32(value * data) : value) / variance) +
        f32(f32(share * b[i]) * f32(Math.tanh(f32(f32(value / root) + c[i])))),
    );
  };
  const [positive, negative] = [side(b1, c1), side(b2, c2)];
  return async (x, sigma) => {
    const uncond = negative(x, sigma);
    return { denoised: add(uncond, scale(sub(positive(x, sigma), uncond), 2)), uncond };
  };
}
