// What the golden runs of KSampler start from: the fixture models, and the conditionings and latents of the golden files.
import { loadCheckpoint } from '../../src/runtime/checkpoint.ts';
import { createRuntime } from '../../src/runtime/runtime.ts';
import { zeroOut } from '../../src/sampling/conditioning-ops.ts';
import { makeModel } from '../../src/sampling/model.ts';
import type { Conditioning, Latent, Model } from '../../src/sampling/types.ts';
import { fixtureModel, type Golden, type GoldenCase } from './golden.ts';

/** Samplers of ComfyUI that come with a later issue: the SDE, cfg++ and higher multistep families. */
export const LATER_SAMPLERS: readonly string[] = [
  'dpmpp_sde',
  'dpmpp_sde_gpu',
  'dpmpp_2m_sde',
  'dpmpp_2m_sde_gpu',
  'dpmpp_2m_sde_heun',
  'dpmpp_2m_sde_heun_gpu',
  'dpmpp_3m_sde',
  'dpmpp_3m_sde_gpu',
  'er_sde',
  'seeds_2',
  'seeds_3',
  'sa_solver',
  'sa_solver_pece',
];

const FILES: Readonly<Record<string, string>> = { base: 'tiny_sdxl_base', refiner: 'tiny_sdxl_refiner', sd1: 'tiny_sd1' };

/** Fixture models by the goldens' names; `close` ends their networks. */
export function fixtureModels(): { model(name: string): Promise<Model>; close(): Promise<void> } {
  const runtime = createRuntime({ threads: 1 });
  const models = new Map<string, Promise<Model>>();
  const load = async (name: string): Promise<Model> => {
    const { family, unet, prediction, zsnr } = await loadCheckpoint(fixtureModel(FILES[name]), runtime);
    return makeModel(family, unet!, { prediction, zsnr });
  };
  return {
    model: (name) => {
      if (!models.has(name)) models.set(name, load(name));
      return models.get(name)!;
    },
    close: () => runtime.close(),
  };
}

/** A prompt as the original encoded it (`bp`, `bn` …), or `ZERO`: bn zeroed. */
export const conditioningOf = (g: Golden, name: string): Conditioning =>
  name === 'ZERO'
    ? zeroOut(conditioningOf(g, 'bn'))
    : [{ cond: g.float(`cond/${name}/cross`), pooled_output: g.float(`cond/${name}/pooled`) }];

/** The latent of a case, with its noise mask and batch indices. */
export const latentOf = (g: Golden, { params, inputs }: GoldenCase): Latent => ({
  samples: g.float(inputs.latent),
  noise_mask: inputs.noise_mask ? g.float(inputs.noise_mask) : undefined,
  batch_index: params.batch_index,
});

/** Integers above 2^53 are written as {"int": "…"}. */
export const bigintOf = (value: number | { int: string }): bigint => BigInt(typeof value === 'object' ? value.int : value);
