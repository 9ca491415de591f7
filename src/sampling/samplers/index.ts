// The samplers by ComfyUI's name, in its order. A new sampler is a file and a line here.
import { DarkroomError } from '../../errors.ts';
import { dpmpp2mCfgPp, dpmpp2sAncestralCfgPp, eulerAncestralCfgPp, eulerCfgPp } from './cfg-pp.ts';
import { ddpm } from './ddpm.ts';
import { deis } from './deis.ts';
import { dpm2, dpm2Ancestral } from './dpm-2.ts';
import { dpmAdaptive } from './dpm-adaptive.ts';
import { dpmFast } from './dpm-fast.ts';
import { dpmpp2m, dpmpp2sAncestral } from './dpmpp.ts';
import { dpmpp2mSde, dpmpp2mSdeHeun, dpmpp3mSde, dpmppSde } from './dpmpp-sde.ts';
import { erSde } from './er-sde.ts';
import { euler, eulerAncestral } from './euler.ts';
import { flowDpm2Ancestral, flowDpmpp2sAncestral, flowEulerAncestral } from './flow-ancestral.ts';
import { gradientEstimation, gradientEstimationCfgPp } from './gradient-estimation.ts';
import { isFlow } from './half-log-snr.ts';
import { heun, heunpp2 } from './heun.ts';
import { ipndm, ipndmV } from './ipndm.ts';
import { lcm } from './lcm.ts';
import { lms } from './lms.ts';
import { brownianPath, continuedNoise } from './noise-sources.ts';
import {
  resMultistep,
  resMultistepAncestral,
  resMultistepAncestralCfgPp,
  resMultistepCfgPp,
} from './res-multistep.ts';
import { saSolver, saSolverPece } from './sa-solver.ts';
import type { SampleFunction, SamplerKind } from './sampler.ts';
import { expHeun, seeds2, seeds3 } from './seeds-solver.ts';
import { LAST_SIGMA, uniPc, uniPcBh2 } from './uni-pc.ts';

/** One function for flow models, and one for all others. */
const byModel =
  (others: SampleFunction, flow: SampleFunction): SampleFunction =>
  (denoise, x, sigmas, options) =>
    (isFlow(options.sampling) ? flow : others)(denoise, x, sigmas, options);

export const SAMPLER_KINDS: Readonly<Record<string, SamplerKind>> = {
  euler: { sample: euler, noise: continuedNoise },
  euler_cfg_pp: { sample: eulerCfgPp, usesUncond: true },
  euler_ancestral: {
    sample: byModel(eulerAncestral, flowEulerAncestral),
    stochastic: true,
  },
  euler_ancestral_cfg_pp: { sample: eulerAncestralCfgPp, stochastic: true, usesUncond: true },
  heun: { sample: heun, noise: continuedNoise },
  heunpp2: { sample: heunpp2, noise: continuedNoise },
  exp_heun_2_x0: { sample: expHeun({ eta: 0, s_noise: 0 }) },
  exp_heun_2_x0_sde: { sample: expHeun(), stochastic: true },
  dpm_2: { sample: dpm2, noise: continuedNoise, discardPenultimate: true },
  dpm_2_ancestral: {
    sample: byModel(dpm2Ancestral, flowDpm2Ancestral),
    stochastic: true,
    discardPenultimate: true,
  },
  lms: { sample: lms },
  dpm_fast: { sample: dpmFast },
  dpm_adaptive: { sample: dpmAdaptive },
  dpmpp_2s_ancestral: {
    sample: byModel(dpmpp2sAncestral, flowDpmpp2sAncestral),
    stochastic: true,
  },
  dpmpp_2s_ancestral_cfg_pp: { sample: dpmpp2sAncestralCfgPp, stochastic: true, usesUncond: true },
  dpmpp_sde: {
    sample: dpmppSde,
    noise: brownianPath,
    stochastic: true,
    wholePath: true,
    recoveredBy: 'dpm_fast',
  },
  dpmpp_sde_gpu: {
    sample: dpmppSde,
    noise: brownianPath,
    stochastic: true,
    gpuVariant: true,
    wholePath: true,
    recoveredBy: 'dpm_fast',
  },
  dpmpp_2m: { sample: dpmpp2m },
  dpmpp_2m_cfg_pp: { sample: dpmpp2mCfgPp, usesUncond: true },
  dpmpp_2m_sde: {
    sample: dpmpp2mSde,
    noise: brownianPath,
    stochastic: true,
    wholePath: true,
    recoveredBy: 'dpmpp_2m',
  },
  dpmpp_2m_sde_gpu: {
    sample: dpmpp2mSde,
    noise: brownianPath,
    stochastic: true,
    gpuVariant: true,
    wholePath: true,
    recoveredBy: 'dpmpp_2m',
  },
  dpmpp_2m_sde_heun: { sample: dpmpp2mSdeHeun, noise: brownianPath, stochastic: true },
  dpmpp_2m_sde_heun_gpu: {
    sample: dpmpp2mSdeHeun,
    noise: brownianPath,
    stochastic: true,
    gpuVariant: true,
  },
  dpmpp_3m_sde: {
    sample: dpmpp3mSde,
    noise: brownianPath,
    stochastic: true,
    wholePath: true,
    recoveredBy: 'dpmpp_2m',
  },
  dpmpp_3m_sde_gpu: {
    sample: dpmpp3mSde,
    noise: brownianPath,
    stochastic: true,
    gpuVariant: true,
    wholePath: true,
    recoveredBy: 'dpmpp_2m',
  },
  ddpm: { sample: ddpm, stochastic: true },
  lcm: { sample: lcm, stochastic: true, noisedByModel: true },
  ipndm: { sample: ipndm },
  ipndm_v: { sample: ipndmV },
  deis: { sample: deis },
  res_multistep: { sample: resMultistep },
  res_multistep_cfg_pp: { sample: resMultistepCfgPp, usesUncond: true },
  res_multistep_ancestral: { sample: resMultistepAncestral, stochastic: true },
  res_multistep_ancestral_cfg_pp: {
    sample: resMultistepAncestralCfgPp,
    stochastic: true,
    usesUncond: true,
  },
  gradient_estimation: { sample: gradientEstimation },
  gradient_estimation_cfg_pp: { sample: gradientEstimationCfgPp, usesUncond: true },
  er_sde: { sample: erSde, stochastic: true },
  seeds_2: { sample: seeds2('phi_1'), stochastic: true },
  seeds_3: { sample: seeds3, stochastic: true },
  sa_solver: { sample: saSolver, stochastic: true },
  sa_solver_pece: { sample: saSolverPece, stochastic: true },
  ddim: { sample: euler, freshMaskNoise: true },
  uni_pc: {
    sample: uniPc,
    lastSigma: LAST_SIGMA,
    discardPenultimate: true,
    recoveredBy: 'dpm_fast',
  },
  uni_pc_bh2: {
    sample: uniPcBh2,
    lastSigma: LAST_SIGMA,
    discardPenultimate: true,
    recoveredBy: 'dpm_fast',
  },
};

export const SAMPLER_NAMES: readonly string[] = Object.keys(SAMPLER_KINDS);

/** Returns the sampler of a name. Throws DR_INPUT_INVALID for an unknown name. */
export function samplerKind(name: string): SamplerKind {
  if (Object.hasOwn(SAMPLER_KINDS, name)) return SAMPLER_KINDS[name];
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `unknown sampler '${name}'`,
    hint: `Use one of: ${SAMPLER_NAMES.join(', ')}.`,
    input: 'sampler_name',
  });
}
