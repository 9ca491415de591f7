// Nodes that create and edit schedules of sigmas.
// Source: ComfyUI comfy_extras/nodes_custom_sampler.py, nodes_align_your_steps.py, nodes_gits.py.
import {
  exponentialSigmas,
  karrasSigmas,
  laplaceSigmas,
  polyexponentialSigmas,
  vpSigmas,
} from '../../../../sampling/schedules/continuous.ts';
import {
  extendSigmas,
  flipSigmas,
  setFirstSigma,
  splitSigmas,
  splitSigmasDenoise,
} from '../../../../sampling/schedules/edit-sigmas.ts';
import {
  basicSigmas,
  betaSigmas,
  SCHEDULERS,
  sdTurboSigmas,
} from '../../../../sampling/schedules/schedules.ts';
import {
  ALIGNED_FAMILIES,
  alignedSigmas,
  gitsSigmas,
} from '../../../../sampling/schedules/tabulated.ts';
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

const STEPS = { default: 20, min: 1, max: 10000 } as const;
const DENOISE = { default: 1, min: 0, max: 1, step: 0.01 } as const;
const SIGMA = { min: 0, max: 5000, step: 0.01, round: false } as const;
const RANGE = {
  sigma_max: float({ ...SIGMA, default: 14.614642 }),
  sigma_min: float({ ...SIGMA, default: 0.0291675 }),
} as const;

const schedulerNode = {
  category: 'sampling/custom_sampling/schedulers',
  outputs: [output('SIGMAS')],
} as const;
const sigmasNode = { category: 'sampling/custom_sampling/sigmas' } as const;

const BasicScheduler = defineNode({
  ...schedulerNode,
  type: 'BasicScheduler',
  display: 'BasicScheduler',
  inputs: {
    model: socket('MODEL'),
    scheduler: combo(SCHEDULERS),
    steps: int(STEPS),
    denoise: float(DENOISE),
  },
  run: ({ model, scheduler, steps, denoise }) =>
    outputs(basicSigmas(model.sampling, scheduler, steps, denoise)),
});

const KarrasScheduler = defineNode({
  ...schedulerNode,
  type: 'KarrasScheduler',
  display: 'KarrasScheduler',
  inputs: {
    steps: int(STEPS),
    ...RANGE,
    rho: float({ default: 7, min: 0, max: 100, step: 0.01, round: false }),
  },
  run: ({ steps, sigma_max, sigma_min, rho }) =>
    outputs(karrasSigmas({ sigmaMin: sigma_min, sigmaMax: sigma_max }, steps, rho)),
});

const ExponentialScheduler = defineNode({
  ...schedulerNode,
  type: 'ExponentialScheduler',
  display: 'ExponentialScheduler',
  inputs: { steps: int(STEPS), ...RANGE },
  run: ({ steps, sigma_max, sigma_min }) =>
    outputs(exponentialSigmas({ sigmaMin: sigma_min, sigmaMax: sigma_max }, steps)),
});

const PolyexponentialScheduler = defineNode({
  ...schedulerNode,
  type: 'PolyexponentialScheduler',
  display: 'PolyexponentialScheduler',
  inputs: {
    steps: int(STEPS),
    ...RANGE,
    rho: float({ default: 1, min: 0, max: 100, step: 0.01, round: false }),
  },
  run: ({ steps, sigma_max, sigma_min, rho }) =>
    outputs(polyexponentialSigmas({ sigmaMin: sigma_min, sigmaMax: sigma_max }, steps, rho)),
});

const LaplaceScheduler = defineNode({
  ...schedulerNode,
  type: 'LaplaceScheduler',
  display: 'LaplaceScheduler',
  inputs: {
    steps: int(STEPS),
    ...RANGE,
    mu: float({ default: 0, min: -10, max: 10, step: 0.1, round: false }),
    beta: float({ default: 0.5, min: 0, max: 10, step: 0.1, round: false }),
  },
  run: ({ steps, sigma_max, sigma_min, mu, beta }) =>
    outputs(laplaceSigmas({ sigmaMin: sigma_min, sigmaMax: sigma_max }, steps, mu, beta)),
});

const VPScheduler = defineNode({
  ...schedulerNode,
  type: 'VPScheduler',
  display: 'VPScheduler',
  inputs: {
    steps: int(STEPS),
    beta_d: float({ ...SIGMA, default: 19.9 }),
    beta_min: float({ ...SIGMA, default: 0.1 }),
    eps_s: float({ default: 0.001, min: 0, max: 1, step: 0.0001, round: false }),
  },
  run: ({ steps, beta_d, beta_min, eps_s }) =>
    outputs(vpSigmas(steps, { betaD: beta_d, betaMin: beta_min, epsilon: eps_s })),
});

const BetaSamplingScheduler = defineNode({
  ...schedulerNode,
  type: 'BetaSamplingScheduler',
  display: 'BetaSamplingScheduler',
  inputs: {
    model: socket('MODEL'),
    steps: int(STEPS),
    alpha: float({ default: 0.6, min: 0, max: 50, step: 0.01, round: false }),
    beta: float({ default: 0.6, min: 0, max: 50, step: 0.01, round: false }),
  },
  run: ({ model, steps, alpha, beta }) => outputs(betaSigmas(model.sampling, steps, alpha, beta)),
});

const SDTurboScheduler = defineNode({
  ...schedulerNode,
  type: 'SDTurboScheduler',
  display: 'SDTurboScheduler',
  inputs: {
    model: socket('MODEL'),
    steps: int({ default: 1, min: 1, max: 10 }),
    denoise: float(DENOISE),
  },
  run: ({ model, steps, denoise }) => outputs(sdTurboSigmas(model.sampling, steps, denoise)),
});

const AlignYourStepsScheduler = defineNode({
  ...schedulerNode,
  type: 'AlignYourStepsScheduler',
  display: 'AlignYourStepsScheduler',
  inputs: {
    model_type: combo(ALIGNED_FAMILIES),
    steps: int({ ...STEPS, default: 10 }),
    denoise: float(DENOISE),
  },
  run: ({ model_type, steps, denoise }) => outputs(alignedSigmas(model_type, steps, denoise)),
});

const GITSScheduler = defineNode({
  ...schedulerNode,
  type: 'GITSScheduler',
  display: 'GITSScheduler',
  inputs: {
    coeff: float({ default: 1.2, min: 0.8, max: 1.5, step: 0.05 }),
    steps: int({ default: 10, min: 2, max: 1000 }),
    denoise: float(DENOISE),
  },
  run: ({ coeff, steps, denoise }) => outputs(gitsSigmas(coeff, steps, denoise)),
});

const SplitSigmas = defineNode({
  ...sigmasNode,
  type: 'SplitSigmas',
  display: 'SplitSigmas',
  inputs: { sigmas: socket('SIGMAS'), step: int({ default: 0, min: 0, max: 10000 }) },
  outputs: [output('SIGMAS', 'high_sigmas'), output('SIGMAS', 'low_sigmas')],
  run: ({ sigmas, step }) => outputs(...splitSigmas(sigmas, step)),
});

const SplitSigmasDenoise = defineNode({
  ...sigmasNode,
  type: 'SplitSigmasDenoise',
  display: 'SplitSigmasDenoise',
  inputs: { sigmas: socket('SIGMAS'), denoise: float(DENOISE) },
  outputs: [output('SIGMAS', 'high_sigmas'), output('SIGMAS', 'low_sigmas')],
  run: ({ sigmas, denoise }) => outputs(...splitSigmasDenoise(sigmas, denoise)),
});

const FlipSigmas = defineNode({
  ...sigmasNode,
  type: 'FlipSigmas',
  display: 'FlipSigmas',
  inputs: { sigmas: socket('SIGMAS') },
  outputs: [output('SIGMAS')],
  run: ({ sigmas }) => outputs(flipSigmas(sigmas)),
});

const SetFirstSigma = defineNode({
  ...sigmasNode,
  type: 'SetFirstSigma',
  display: 'SetFirstSigma',
  inputs: {
    sigmas: socket('SIGMAS'),
    sigma: float({ default: 136, min: 0, max: 20000, step: 0.001, round: false }),
  },
  outputs: [output('SIGMAS')],
  run: ({ sigmas, sigma }) => outputs(setFirstSigma(sigmas, sigma)),
});

const ExtendIntermediateSigmas = defineNode({
  ...sigmasNode,
  type: 'ExtendIntermediateSigmas',
  display: 'ExtendIntermediateSigmas',
  inputs: {
    sigmas: socket('SIGMAS'),
    steps: int({ default: 2, min: 1, max: 100 }),
    start_at_sigma: float({ default: -1, min: -1, max: 20000, step: 0.01, round: false }),
    end_at_sigma: float({ default: 12, min: 0, max: 20000, step: 0.01, round: false }),
    spacing: combo(['linear', 'cosine', 'sine']),
  },
  outputs: [output('SIGMAS')],
  run: ({ sigmas, steps, start_at_sigma, end_at_sigma, spacing }) =>
    outputs(extendSigmas(sigmas, { steps, startAt: start_at_sigma, endAt: end_at_sigma, spacing })),
});

const SamplingPercentToSigma = defineNode({
  ...sigmasNode,
  type: 'SamplingPercentToSigma',
  display: 'SamplingPercentToSigma',
  inputs: {
    model: socket('MODEL'),
    sampling_percent: float({ default: 0, min: 0, max: 1, step: 0.0001 }),
    return_actual_sigma: boolean({
      default: false,
      tooltip:
        'Returns the sigma itself instead of the value that interval checks use.\n' +
        'This makes a difference at 0.0 and 1.0 only.',
    }),
  },
  outputs: [output('FLOAT', 'sigma_value')],
  run({ model: { sampling }, sampling_percent, return_actual_sigma }) {
    if (return_actual_sigma && sampling_percent === 0) return outputs(sampling.sigmaMax);
    if (return_actual_sigma && sampling_percent === 1) return outputs(sampling.sigmaMin);
    return outputs(sampling.percentToSigma(sampling_percent));
  },
});

export const SIGMA_NODES: readonly NodeDeclaration[] = [
  BasicScheduler,
  KarrasScheduler,
  ExponentialScheduler,
  PolyexponentialScheduler,
  LaplaceScheduler,
  VPScheduler,
  BetaSamplingScheduler,
  SDTurboScheduler,
  AlignYourStepsScheduler,
  GITSScheduler,
  SplitSigmas,
  SplitSigmasDenoise,
  FlipSigmas,
  SetFirstSigma,
  ExtendIntermediateSigmas,
  SamplingPercentToSigma,
];
