// KSampler and KSamplerAdvanced. Source: ComfyUI nodes.py.
import { commonKSampler } from '../../../../sampling/runs/ksampler.ts';
import { SAMPLER_NAMES } from '../../../../sampling/samplers/index.ts';
import { SCHEDULERS } from '../../../../sampling/schedules/schedules.ts';
import { combo, defineNode, float, int, output, outputs, seed, socket } from '../../../declare.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';

const STEPS = { default: 20, min: 1, max: 10000 } as const;
const CFG = { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 } as const;

const KSampler = defineNode({
  type: 'KSampler',
  display: 'KSampler',
  category: 'sampling',
  description: 'Denoises a latent under the guidance of a positive and a negative prompt.',
  inputs: {
    model: socket('MODEL', { tooltip: 'The model that denoises.' }),
    seed: seed({ tooltip: 'The seed of the noise.' }),
    steps: int({ ...STEPS, tooltip: 'Number of denoising steps.' }),
    cfg: float({
      ...CFG,
      tooltip: 'How closely the image follows the prompt; 1 ignores the negative prompt.',
    }),
    sampler_name: combo(SAMPLER_NAMES, { tooltip: 'The algorithm.' }),
    scheduler: combo(SCHEDULERS, { tooltip: 'How the noise level falls from step to step.' }),
    positive: socket('CONDITIONING', { tooltip: 'What the image should show.' }),
    negative: socket('CONDITIONING', { tooltip: 'What the image should not show.' }),
    latent_image: socket('LATENT', { tooltip: 'The latent to start from.' }),
    denoise: float({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'Below 1, part of the latent is preserved (image to image).',
    }),
  },
  outputs: [output('LATENT')],
  run: async ({ sampler_name, latent_image, ...inputs }, context) =>
    outputs(
      await commonKSampler({
        ...inputs,
        ...samplingHooks(context),
        samplerName: sampler_name,
        latent: latent_image,
      }),
    ),
});

const KSamplerAdvanced = defineNode({
  type: 'KSamplerAdvanced',
  display: 'KSampler (Advanced)',
  category: 'sampling',
  inputs: {
    model: socket('MODEL'),
    add_noise: combo(['enable', 'disable']),
    noise_seed: seed(),
    steps: int(STEPS),
    cfg: float(CFG),
    sampler_name: combo(SAMPLER_NAMES),
    scheduler: combo(SCHEDULERS),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    latent_image: socket('LATENT'),
    start_at_step: int({ default: 0, min: 0, max: 10000 }),
    end_at_step: int({ default: 10000, min: 0, max: 10000 }),
    return_with_leftover_noise: combo(['disable', 'enable']),
  },
  outputs: [output('LATENT')],
  run: async ({ model, steps, cfg, scheduler, positive, negative, ...inputs }, context) =>
    outputs(
      await commonKSampler({
        model,
        steps,
        cfg,
        scheduler,
        positive,
        negative,
        seed: inputs.noise_seed,
        samplerName: inputs.sampler_name,
        latent: inputs.latent_image,
        addNoise: inputs.add_noise !== 'disable',
        startAtStep: inputs.start_at_step,
        endAtStep: inputs.end_at_step,
        returnWithLeftoverNoise: inputs.return_with_leftover_noise !== 'disable',
        ...samplingHooks(context),
      }),
    ),
});

export const SAMPLING_NODES = [KSampler, KSamplerAdvanced];
