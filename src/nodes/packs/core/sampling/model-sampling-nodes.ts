// Nodes that set the model sampling, and patch the guidance.
// Source: ComfyUI comfy_extras/nodes_model_advanced.py, nodes_differential_diffusion.py,
// nodes_perpneg.py.

import { withDifferentialDiffusion } from '../../../../sampling/patches/differential-diffusion.ts';
import {
  CONTINUOUS_V_SAMPLINGS,
  DISCRETE_SAMPLINGS,
  EDM_SAMPLINGS,
  withContinuousSampling,
  withDiscreteSampling,
} from '../../../../sampling/patches/model-sampling-patches.ts';
import { withPerpNeg } from '../../../../sampling/patches/perp-neg.ts';
import { withRescaledCfg } from '../../../../sampling/patches/rescale-cfg.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const patchNode = { category: 'advanced/model', outputs: [output('MODEL')] } as const;
const SIGMA = { min: 0, max: 1000, step: 0.001, round: false } as const;
const namesOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[];

const ModelSamplingDiscrete = defineNode({
  ...patchNode,
  type: 'ModelSamplingDiscrete',
  display: 'ModelSamplingDiscrete',
  inputs: {
    model: socket('MODEL'),
    sampling: combo(namesOf(DISCRETE_SAMPLINGS)),
    zsnr: boolean({ default: false }),
  },
  run: ({ model, sampling, zsnr }) => outputs(withDiscreteSampling(model, sampling, zsnr)),
});

const ModelSamplingContinuousEDM = defineNode({
  ...patchNode,
  type: 'ModelSamplingContinuousEDM',
  display: 'ModelSamplingContinuousEDM',
  inputs: {
    model: socket('MODEL'),
    sampling: combo(namesOf(EDM_SAMPLINGS)),
    sigma_max: float({ ...SIGMA, default: 120 }),
    sigma_min: float({ ...SIGMA, default: 0.002 }),
  },
  run: ({ model, sampling, sigma_max, sigma_min }) =>
    outputs(withContinuousSampling(model, EDM_SAMPLINGS[sampling], sigma_min, sigma_max)),
});

const ModelSamplingContinuousV = defineNode({
  ...patchNode,
  type: 'ModelSamplingContinuousV',
  display: 'ModelSamplingContinuousV',
  inputs: {
    model: socket('MODEL'),
    sampling: combo(namesOf(CONTINUOUS_V_SAMPLINGS)),
    sigma_max: float({ ...SIGMA, default: 500 }),
    sigma_min: float({ ...SIGMA, default: 0.03 }),
  },
  run: ({ model, sampling, sigma_max, sigma_min }) =>
    outputs(withContinuousSampling(model, CONTINUOUS_V_SAMPLINGS[sampling], sigma_min, sigma_max)),
});

const RescaleCFG = defineNode({
  ...patchNode,
  type: 'RescaleCFG',
  display: 'RescaleCFG',
  inputs: {
    model: socket('MODEL'),
    multiplier: float({ default: 0.7, min: 0, max: 1, step: 0.01 }),
  },
  run({ model, multiplier }, { behaviour: { flowRescalesDenoised } }) {
    return outputs(withRescaledCfg(model, { multiplier, flowRescalesDenoised }));
  },
});

const DifferentialDiffusion = defineNode({
  ...patchNode,
  type: 'DifferentialDiffusion',
  display: 'Differential Diffusion',
  category: '_for_testing',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    strength: float({ default: 1, min: 0, max: 1, step: 0.01, optional: true }),
  },
  run: ({ model, strength }) => outputs(withDifferentialDiffusion(model, strength)),
});

const PerpNeg = defineNode({
  ...patchNode,
  type: 'PerpNeg',
  display: 'Perp-Neg (DEPRECATED by PerpNegGuider)',
  category: '_for_testing',
  experimental: true,
  deprecated: true,
  inputs: {
    model: socket('MODEL'),
    empty_conditioning: socket('CONDITIONING'),
    neg_scale: float({ default: 1, min: 0, max: 100, step: 0.01 }),
  },
  run: ({ model, empty_conditioning, neg_scale }) =>
    outputs(withPerpNeg(model, empty_conditioning, neg_scale)),
});

export const MODEL_SAMPLING_NODES: readonly NodeDeclaration[] = [
  ModelSamplingDiscrete,
  ModelSamplingContinuousEDM,
  ModelSamplingContinuousV,
  RescaleCFG,
  DifferentialDiffusion,
  PerpNeg,
];
