// Hooks of iterative upscaling. Source: Impact Pack impact_pack.py.
import { SAMPLER_NAMES } from '../../../../sampling/samplers/index.ts';
import { SCHEDULERS } from '../../../../sampling/schedules/schedules.ts';
import {
  cfgScheduleHook,
  combinePixelHooks,
  denoiseScheduleHook,
  noiseInjectionHook,
  stepsScheduleHook,
  unsamplingHook,
} from '../../../../segs/upscale/pixel-hooks.ts';
import { combo, defineNode, float, int, output, outputs, seed, socket } from '../../../declare.ts';

const common = { category: 'ImpactPack/Upscale', outputs: [output('PK_HOOK')] } as const;
const schedule = {
  schedule_for_iteration: combo(['simple'], {
    tooltip: 'Changes by the same amount in each step.',
  }),
};

const PixelKSampleHookCombine = defineNode({
  ...common,
  type: 'PixelKSampleHookCombine',
  display: 'PixelKSampleHookCombine',
  description: 'Combines two hooks; the first one is called first.',
  inputs: { hook1: socket('PK_HOOK'), hook2: socket('PK_HOOK') },
  run: ({ hook1, hook2 }) => outputs(combinePixelHooks(hook1, hook2)),
});

const DenoiseScheduleHookProvider = defineNode({
  ...common,
  type: 'DenoiseScheduleHookProvider',
  display: 'DenoiseScheduleHookProvider',
  description: 'Changes the denoise over the steps of an iterative upscale.',
  inputs: {
    ...schedule,
    target_denoise: float({
      default: 0.2,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'The denoise of the last step.',
    }),
  },
  run: ({ target_denoise }) => outputs(denoiseScheduleHook(target_denoise)),
});

const StepsScheduleHookProvider = defineNode({
  ...common,
  type: 'StepsScheduleHookProvider',
  display: 'StepsScheduleHookProvider',
  description: "Changes the sampler's number of steps over the steps of an iterative upscale.",
  inputs: {
    ...schedule,
    target_steps: int({
      default: 20,
      min: 1,
      max: 10000,
      tooltip: "The sampler's steps in the last step.",
    }),
  },
  run: ({ target_steps }) => outputs(stepsScheduleHook(target_steps)),
});

const CfgScheduleHookProvider = defineNode({
  ...common,
  type: 'CfgScheduleHookProvider',
  display: 'CfgScheduleHookProvider',
  description: 'Changes the cfg over the steps of an iterative upscale, in integers.',
  inputs: {
    ...schedule,
    target_cfg: float({ default: 3, min: 0, max: 100, tooltip: 'The cfg of the last step.' }),
  },
  run: ({ target_cfg }) => outputs(cfgScheduleHook(target_cfg)),
});

const NoiseInjectionHookProvider = defineNode({
  ...common,
  type: 'NoiseInjectionHookProvider',
  display: 'NoiseInjectionHookProvider',
  description: 'Adds noise to each enlarged latent before it is sampled.',
  inputs: {
    ...schedule,
    source: combo(['CPU', 'GPU'], { tooltip: 'No effect: the noise is always that of the CPU.' }),
    seed: seed(),
    start_strength: float({
      default: 1,
      min: 0,
      max: 200,
      step: 0.01,
      tooltip: 'Strength of the noise in the first step.',
    }),
    end_strength: float({
      default: 1,
      min: 0,
      max: 200,
      step: 0.01,
      tooltip: 'The strength that it moves towards.',
    }),
  },
  run({ source, seed, start_strength, end_strength }, { warn }) {
    if (source === 'GPU')
      warn(
        "source 'GPU' has no effect: the noise is that of the CPU, so the image differs from the " +
          "original's on a GPU",
      );
    return outputs(noiseInjectionHook({ seed, start: start_strength, end: end_strength }));
  },
});

const UnsamplerHookProvider = defineNode({
  ...common,
  type: 'UnsamplerHookProvider',
  display: 'UnsamplerHookProvider',
  description: 'Unsamples each enlarged latent before it is sampled.',
  inputs: {
    model: socket('MODEL'),
    steps: int({ default: 25, min: 1, max: 10000 }),
    start_end_at_step: int({
      default: 21,
      min: 0,
      max: 10000,
      tooltip: 'The step to unsample to in the first step of the upscale.',
    }),
    end_end_at_step: int({
      default: 24,
      min: 0,
      max: 10000,
      tooltip: 'The step that it moves towards.',
    }),
    cfg: float({ default: 1, min: 0, max: 100 }),
    sampler_name: combo(SAMPLER_NAMES),
    scheduler: combo(SCHEDULERS),
    normalize: combo(['disable', 'enable'], {
      tooltip: 'Scales the result to mean 0 and standard deviation 1, like new noise.',
    }),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    ...schedule,
  },
  run: ({
    start_end_at_step,
    end_end_at_step,
    sampler_name,
    normalize,
    schedule_for_iteration: _,
    ...settings
  }) =>
    outputs(
      unsamplingHook({
        ...settings,
        samplerName: sampler_name,
        normalize: normalize === 'enable',
        start: start_end_at_step,
        end: end_end_at_step,
      }),
    ),
});

export const PIXEL_HOOK_NODES = [
  PixelKSampleHookCombine,
  DenoiseScheduleHookProvider,
  StepsScheduleHookProvider,
  CfgScheduleHookProvider,
  NoiseInjectionHookProvider,
  UnsamplerHookProvider,
];
