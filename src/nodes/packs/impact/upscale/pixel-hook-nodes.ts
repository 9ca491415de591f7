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
const schedule = { schedule_for_iteration: combo(['simple'], { tooltip: 'In equal steps.' }) };

const PixelKSampleHookCombine = defineNode({
  ...common,
  type: 'PixelKSampleHookCombine',
  display: 'PixelKSampleHookCombine',
  description: 'Both hooks, the first one first.',
  inputs: { hook1: socket('PK_HOOK'), hook2: socket('PK_HOOK') },
  run: ({ hook1, hook2 }) => outputs(combinePixelHooks(hook1, hook2)),
});

const DenoiseScheduleHookProvider = defineNode({
  ...common,
  type: 'DenoiseScheduleHookProvider',
  display: 'DenoiseScheduleHookProvider',
  description: 'The denoise changes from step to step of an iterative upscale.',
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
  description: "The sampler's number of steps changes from step to step of an iterative upscale.",
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
  description: 'The cfg changes from step to step of an iterative upscale, in whole numbers.',
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
  description: 'Puts noise into each enlarged latent before it is sampled.',
  inputs: {
    ...schedule,
    source: combo(['CPU', 'GPU'], { tooltip: 'The noise is always that of the CPU.' }),
    seed: seed(),
    start_strength: float({
      default: 1,
      min: 0,
      max: 200,
      step: 0.01,
      tooltip: 'Factor on the noise in the first step.',
    }),
    end_strength: float({
      default: 1,
      min: 0,
      max: 200,
      step: 0.01,
      tooltip: 'The factor that it moves to.',
    }),
  },
  run({ source, seed, start_strength, end_strength }, { warn }) {
    if (source === 'GPU')
      warn(
        "noise is always drawn as on a CPU; 'GPU' gives another picture than the original on a graphics card",
      );
    return outputs(noiseInjectionHook({ seed, start: start_strength, end: end_strength }));
  },
});

const UnsamplerHookProvider = defineNode({
  ...common,
  type: 'UnsamplerHookProvider',
  display: 'UnsamplerHookProvider',
  description: 'Samples each enlarged latent backwards before it is sampled.',
  inputs: {
    model: socket('MODEL'),
    steps: int({ default: 25, min: 1, max: 10000 }),
    start_end_at_step: int({
      default: 21,
      min: 0,
      max: 10000,
      tooltip: 'The step to stop at in the first step of the upscale.',
    }),
    end_end_at_step: int({
      default: 24,
      min: 0,
      max: 10000,
      tooltip: 'The step that it moves to.',
    }),
    cfg: float({ default: 1, min: 0, max: 100 }),
    sampler_name: combo(SAMPLER_NAMES),
    scheduler: combo(SCHEDULERS),
    normalize: combo(['disable', 'enable'], {
      tooltip: 'Mean 0 and standard deviation 1, as fresh noise has.',
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
