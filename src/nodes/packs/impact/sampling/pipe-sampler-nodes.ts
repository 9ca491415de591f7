// Sampling with the models and prompts of pipes and providers, and operations on conditionings.
// Source: Impact Pack special_samplers.py, util_nodes.py.

import {
  combineConditioning,
  concatConditioning,
} from '../../../../sampling/conditioning/operations.ts';
import { sampleDenoise, sampleRange } from '../../../../sampling/runs/step-range.ts';
import { SAMPLER_NAMES } from '../../../../sampling/samplers/index.ts';
import type { Conditioning } from '../../../../sampling/sampling-types.ts';
import { IMPACT_SCHEDULERS } from '../../../../sampling/schedules/impact-schedules.ts';
import { maskWhereNotOne, sampleTwoForMask } from '../../../../segs/upscale/mask-upscaler.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  numberedInputs,
  output,
  outputs,
  seed,
  socket,
} from '../../../declare.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';
import { schedulerFunc } from '../impact-inputs.ts';

const pipeSampler = {
  steps: int({ default: 20, min: 1, max: 10000, tooltip: 'Number of steps.' }),
  cfg: float({
    default: 8,
    min: 0,
    max: 100,
    tooltip: 'How closely the image follows the prompt.',
  }),
  sampler_name: combo(SAMPLER_NAMES, { tooltip: 'The sampling algorithm.' }),
  scheduler: combo(IMPACT_SCHEDULERS, { tooltip: 'How the noise level falls from step to step.' }),
  latent_image: socket('LATENT', { tooltip: 'The latent to start from.' }),
};

const pipeOutputs = [
  { ...output('BASIC_PIPE'), tooltip: 'The pipe, unchanged.' },
  { ...output('LATENT'), tooltip: 'The sampled latent.' },
  { ...output('VAE'), tooltip: "The pipe's VAE." },
];

const ImpactKSamplerBasicPipe = defineNode({
  type: 'ImpactKSamplerBasicPipe',
  display: 'KSampler (pipe)',
  category: 'ImpactPack/sampling',
  inputs: {
    basic_pipe: socket('BASIC_PIPE', { tooltip: 'The model and the prompts.' }),
    seed: seed({ tooltip: 'The seed of the noise.' }),
    ...pipeSampler,
    denoise: float({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'Share of the schedule that is run; below 1, the latent keeps some of its content.',
    }),
    ...schedulerFunc,
  },
  outputs: pipeOutputs,
  async run(
    {
      basic_pipe,
      sampler_name,
      scheduler_func_opt,
      latent_image,
      seed,
      steps,
      denoise,
      cfg,
      scheduler,
    },
    context,
  ) {
    const { model, positive, negative, vae } = basic_pipe;
    const sampler = {
      model,
      positive,
      negative,
      cfg,
      scheduler,
      samplerName: sampler_name,
      schedulerFunc: scheduler_func_opt,
    };
    const run = { seed, steps, denoise, latent: latent_image, ...samplingHooks(context) };
    return outputs(basic_pipe, await sampleDenoise(sampler, run), vae);
  },
});

const switched = { label_on: 'enable', label_off: 'disable' } as const;

const ImpactKSamplerAdvancedBasicPipe = defineNode({
  type: 'ImpactKSamplerAdvancedBasicPipe',
  display: 'KSampler (Advanced/pipe)',
  category: 'ImpactPack/sampling',
  inputs: {
    basic_pipe: socket('BASIC_PIPE', { tooltip: 'The model and the prompts.' }),
    add_noise: boolean({
      default: true,
      ...switched,
      tooltip: 'Adds noise of the seed before the first step.',
    }),
    noise_seed: seed({ tooltip: 'The seed of the noise.' }),
    ...pipeSampler,
    start_at_step: int({
      default: 0,
      min: 0,
      max: 10000,
      tooltip: 'The first step that is sampled, counted from 0.',
    }),
    end_at_step: int({
      default: 10000,
      min: 0,
      max: 10000,
      tooltip: 'Sampling stops before this step.',
    }),
    return_with_leftover_noise: boolean({
      default: false,
      ...switched,
      tooltip: 'Keeps the noise that later steps would remove.',
    }),
    ...schedulerFunc,
  },
  outputs: pipeOutputs,
  async run({ basic_pipe, ...inputs }, context) {
    const { model, positive, negative, vae } = basic_pipe;
    const { cfg, scheduler, sampler_name, scheduler_func_opt } = inputs;
    const sampler = {
      model,
      positive,
      negative,
      cfg,
      scheduler,
      samplerName: sampler_name,
      schedulerFunc: scheduler_func_opt,
    };
    const latent = await sampleRange(sampler, {
      seed: inputs.noise_seed,
      steps: inputs.steps,
      latent: inputs.latent_image,
      startAtStep: inputs.start_at_step,
      endAtStep: inputs.end_at_step,
      addNoise: inputs.add_noise,
      returnWithLeftoverNoise: inputs.return_with_leftover_noise,
      ...samplingHooks(context),
    });
    return outputs(basic_pipe, latent, vae);
  },
});

const TwoSamplersForMask = defineNode({
  type: 'TwoSamplersForMask',
  display: 'TwoSamplersForMask',
  category: 'ImpactPack/Sampler',
  description: 'Samples where the mask is not 1 with one sampler, then where it is 1 with another.',
  inputs: {
    latent_image: socket('LATENT', { tooltip: 'The latent to start from.' }),
    base_sampler: socket('KSAMPLER', { tooltip: 'Samples outside the mask.' }),
    mask_sampler: socket('KSAMPLER', { tooltip: 'Samples inside the mask.' }),
    mask: socket('MASK', { tooltip: 'The region.' }),
  },
  outputs: [{ ...output('LATENT'), tooltip: 'The sampled latent, without a noise mask.' }],
  async run({ latent_image, base_sampler, mask_sampler, mask }, context) {
    const samplers = { base: base_sampler, inside: mask_sampler };
    const { steps: first } = base_sampler;
    const total = first + mask_sampler.steps;
    const result = await sampleTwoForMask(
      latent_image,
      samplers,
      { outside: maskWhereNotOne(mask), inside: mask },
      (sampler, latent, which) => {
        const { seed, steps, denoise } = sampler;
        const done = which === 'base' ? 0 : first;
        const hooks = samplingHooks(context, (step) => [done + step + 1, total]);
        return sampleDenoise(sampler, { seed, steps, denoise, latent, ...hooks });
      },
    );
    return outputs(result);
  },
});

const RemoveNoiseMask = defineNode({
  type: 'RemoveNoiseMask',
  display: 'Remove Noise Mask',
  category: 'ImpactPack/Util',
  inputs: { samples: socket('LATENT') },
  outputs: [output('LATENT')],
  run({ samples: { noise_mask: _, ...latent } }) {
    return outputs(latent);
  },
});

const conditionings = {
  inputs: {
    conditioning1: socket('CONDITIONING', {
      tooltip: 'The first prompt. Each connection adds another input.',
    }),
  },
  dynamicInputs: { pattern: /^conditioning\d+$/, input: socket('CONDITIONING') },
};

const conditioningsOf = (inputs: object): Conditioning[] =>
  numberedInputs<Conditioning>(inputs, 'conditioning').map(([, conditioning]) => conditioning);

const ImpactCombineConditionings = defineNode({
  type: 'ImpactCombineConditionings',
  display: 'Combine Conditionings',
  category: 'ImpactPack/Util',
  description: 'Combines prompts, each of which is evaluated on its own.',
  ...conditionings,
  outputs: [{ ...output('CONDITIONING'), tooltip: 'All prompts.' }],
  run: (inputs) => outputs(conditioningsOf(inputs).reduce(combineConditioning)),
});

const ImpactConcatConditionings = defineNode({
  type: 'ImpactConcatConditionings',
  display: 'Concat Conditionings',
  category: 'ImpactPack/Util',
  description: 'Concatenates the tokens of all prompts.',
  ...conditionings,
  outputs: [{ ...output('CONDITIONING'), tooltip: 'One longer prompt.' }],
  run: (inputs, { warn }) =>
    outputs(conditioningsOf(inputs).reduce((to, from) => concatConditioning(to, from, warn))),
});

export const IMPACT_SAMPLING_NODES = [
  ImpactKSamplerBasicPipe,
  ImpactKSamplerAdvancedBasicPipe,
  TwoSamplersForMask,
  RemoveNoiseMask,
  ImpactCombineConditionings,
  ImpactConcatConditionings,
];
