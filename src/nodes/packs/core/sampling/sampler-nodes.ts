// Samplers with their options, for the custom sampling nodes.
// Source: ComfyUI comfy_extras/nodes_custom_sampler.py, nodes_advanced_samplers.py.

import { eulerPp } from '../../../../sampling/samplers/cfg-pp.ts';
import { erSdeScale, reverseTimeScale } from '../../../../sampling/samplers/er-sde.ts';
import { SAMPLER_NAMES, samplerKind } from '../../../../sampling/samplers/index.ts';
import { lcmUpscale } from '../../../../sampling/samplers/lcm-upscale.ts';
import { tauInterval } from '../../../../sampling/samplers/sa-solver.ts';
import type { ConfiguredSampler, SamplerOptions } from '../../../../sampling/samplers/sampler.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const samplerNode = {
  category: 'sampling/custom_sampling/samplers',
  outputs: [output('SAMPLER')],
} as const;
const OPTION_RANGE = { min: 0, max: 100, step: 0.01, round: false } as const;
const ETA = float({ ...OPTION_RANGE, default: 1 });
const S_NOISE = float({ ...OPTION_RANGE, default: 1 });
const NOISE_DEVICE = combo(['gpu', 'cpu']);

const configuredSampler = (name: string, options?: SamplerOptions) =>
  outputs({ kind: samplerKind(name), options } satisfies ConfiguredSampler);

/** The sampler's name for a noise device. The noise is the same on both. */
const nameForDevice = (name: string, device: 'gpu' | 'cpu'): string =>
  device === 'cpu' ? name : `${name}_gpu`;

const KSamplerSelect = defineNode({
  ...samplerNode,
  type: 'KSamplerSelect',
  display: 'KSamplerSelect',
  inputs: { sampler_name: combo(SAMPLER_NAMES) },
  run: ({ sampler_name }) => configuredSampler(sampler_name),
});

const SamplerDPMPP_3M_SDE = defineNode({
  ...samplerNode,
  type: 'SamplerDPMPP_3M_SDE',
  display: 'SamplerDPMPP_3M_SDE',
  inputs: { eta: ETA, s_noise: S_NOISE, noise_device: NOISE_DEVICE },
  run: ({ noise_device, ...options }) =>
    configuredSampler(nameForDevice('dpmpp_3m_sde', noise_device), options),
});

const SamplerDPMPP_2M_SDE = defineNode({
  ...samplerNode,
  type: 'SamplerDPMPP_2M_SDE',
  display: 'SamplerDPMPP_2M_SDE',
  inputs: {
    solver_type: combo(['midpoint', 'heun']),
    eta: ETA,
    s_noise: S_NOISE,
    noise_device: NOISE_DEVICE,
  },
  run: ({ noise_device, ...options }) =>
    configuredSampler(nameForDevice('dpmpp_2m_sde', noise_device), options),
});

const SamplerDPMPP_SDE = defineNode({
  ...samplerNode,
  type: 'SamplerDPMPP_SDE',
  display: 'SamplerDPMPP_SDE',
  inputs: {
    eta: ETA,
    s_noise: S_NOISE,
    r: float({ ...OPTION_RANGE, default: 0.5 }),
    noise_device: NOISE_DEVICE,
  },
  run: ({ noise_device, ...options }) =>
    configuredSampler(nameForDevice('dpmpp_sde', noise_device), options),
});

const SamplerDPMPP_2S_Ancestral = defineNode({
  ...samplerNode,
  type: 'SamplerDPMPP_2S_Ancestral',
  display: 'SamplerDPMPP_2S_Ancestral',
  inputs: { eta: ETA, s_noise: S_NOISE },
  run: (options) => configuredSampler('dpmpp_2s_ancestral', options),
});

const SamplerEulerAncestral = defineNode({
  ...samplerNode,
  type: 'SamplerEulerAncestral',
  display: 'SamplerEulerAncestral',
  inputs: { eta: ETA, s_noise: S_NOISE },
  run: (options) => configuredSampler('euler_ancestral', options),
});

const SamplerEulerAncestralCFGPP = defineNode({
  ...samplerNode,
  type: 'SamplerEulerAncestralCFGPP',
  display: 'SamplerEulerAncestralCFG++',
  inputs: {
    eta: float({ ...OPTION_RANGE, default: 1, max: 1 }),
    s_noise: float({ ...OPTION_RANGE, default: 1, max: 10 }),
  },
  run: (options) => configuredSampler('euler_ancestral_cfg_pp', options),
});

const SamplerLMS = defineNode({
  ...samplerNode,
  type: 'SamplerLMS',
  display: 'SamplerLMS',
  inputs: { order: int({ default: 4, min: 1, max: 100 }) },
  run: (options) => configuredSampler('lms', options),
});

const SamplerDPMAdaptative = defineNode({
  ...samplerNode,
  type: 'SamplerDPMAdaptative',
  display: 'SamplerDPMAdaptative',
  inputs: {
    order: int({ default: 3, min: 2, max: 3 }),
    rtol: float({ ...OPTION_RANGE, default: 0.05 }),
    atol: float({ ...OPTION_RANGE, default: 0.0078 }),
    h_init: float({ ...OPTION_RANGE, default: 0.05 }),
    pcoeff: float({ ...OPTION_RANGE, default: 0 }),
    icoeff: float({ ...OPTION_RANGE, default: 1 }),
    dcoeff: float({ ...OPTION_RANGE, default: 0 }),
    accept_safety: float({ ...OPTION_RANGE, default: 0.81 }),
    eta: float({ ...OPTION_RANGE, default: 0 }),
    s_noise: S_NOISE,
  },
  run: (options) => configuredSampler('dpm_adaptive', options),
});

const SamplerER_SDE = defineNode({
  ...samplerNode,
  type: 'SamplerER_SDE',
  display: 'SamplerER_SDE',
  inputs: {
    solver_type: combo(['ER-SDE', 'Reverse-time SDE', 'ODE']),
    max_stage: int({ default: 3, min: 1, max: 3 }),
    eta: float({
      ...OPTION_RANGE,
      default: 1,
      tooltip:
        'How stochastic the reverse-time SDE is.\n' +
        'At eta=0 it becomes the deterministic ODE. The ER-SDE solver does not use it.',
    }),
    s_noise: S_NOISE,
  },
  run({ solver_type, max_stage, eta, s_noise }, { behaviour }) {
    const isErSde = solver_type === 'ER-SDE';
    if (isErSde && !behaviour.etaScalesErSde)
      return configuredSampler('er_sde', { s_noise, max_stage });
    const isOde = solver_type === 'ODE' || eta === 0;
    return configuredSampler('er_sde', {
      max_stage,
      s_noise: isOde ? 0 : s_noise,
      noise_scaler: isErSde && !isOde ? erSdeScale(eta) : reverseTimeScale(isOde ? 0 : eta),
    });
  },
});

const SamplerSASolver = defineNode({
  ...samplerNode,
  type: 'SamplerSASolver',
  display: 'SamplerSASolver',
  inputs: {
    model: socket('MODEL'),
    eta: float({ ...OPTION_RANGE, default: 1, max: 10 }),
    sde_start_percent: float({ default: 0.2, min: 0, max: 1, step: 0.001 }),
    sde_end_percent: float({ default: 0.8, min: 0, max: 1, step: 0.001 }),
    s_noise: S_NOISE,
    predictor_order: int({ default: 3, min: 1, max: 6 }),
    corrector_order: int({ default: 4, min: 0, max: 6 }),
    use_pece: boolean(),
    simple_order_2: boolean(),
  },
  run({ model: { sampling }, eta, sde_start_percent, sde_end_percent, ...options }) {
    const [start, end] = [sde_start_percent, sde_end_percent].map(sampling.percentToSigma);
    return configuredSampler('sa_solver', { ...options, tau_func: tauInterval(start, end, eta) });
  },
});

const SamplerLCMUpscale = defineNode({
  ...samplerNode,
  type: 'SamplerLCMUpscale',
  display: 'SamplerLCMUpscale',
  inputs: {
    scale_ratio: float({ default: 1, min: 0.1, max: 20, step: 0.01 }),
    scale_steps: int({ default: -1, min: -1, max: 1000, step: 1 }),
    upscale_method: combo(['bislerp', 'nearest-exact', 'bilinear', 'area', 'bicubic']),
  },
  run: ({ scale_ratio, scale_steps, upscale_method }) =>
    outputs({
      kind: lcmUpscale({
        ratio: scale_ratio,
        steps: scale_steps < 0 ? undefined : scale_steps,
        method: upscale_method,
      }),
    } satisfies ConfiguredSampler),
});

const SamplerEulerCFGpp = defineNode({
  ...samplerNode,
  type: 'SamplerEulerCFGpp',
  display: 'SamplerEulerCFG++',
  category: '_for_testing',
  experimental: true,
  inputs: { version: combo(['regular', 'alternative']) },
  run: ({ version }) =>
    version === 'alternative'
      ? outputs({ kind: eulerPp } satisfies ConfiguredSampler)
      : configuredSampler('euler_cfg_pp'),
});

export const SAMPLER_NODES: readonly NodeDeclaration[] = [
  KSamplerSelect,
  SamplerEulerAncestral,
  SamplerEulerAncestralCFGPP,
  SamplerLMS,
  SamplerDPMPP_3M_SDE,
  SamplerDPMPP_2M_SDE,
  SamplerDPMPP_SDE,
  SamplerDPMPP_2S_Ancestral,
  SamplerDPMAdaptative,
  SamplerER_SDE,
  SamplerSASolver,
  SamplerLCMUpscale,
  SamplerEulerCFGpp,
];
