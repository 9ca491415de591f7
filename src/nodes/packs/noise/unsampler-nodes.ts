// The Unsampler of ComfyUI_Noise. It is declared under its name in workflow files (BNK_Unsampler)
// and in the source (Unsampler).

import { unsample } from '../../../sampling/runs/unsample.ts';
import { SAMPLER_NAMES } from '../../../sampling/samplers/index.ts';
import { SCHEDULERS } from '../../../sampling/schedules/schedules.ts';
import { combo, defineNode, float, int, output, outputs, socket } from '../../declare.ts';
import { samplingHooks } from '../../shared/sampling-hooks.ts';

const unsampler = (type: string) =>
  defineNode({
    type,
    display: 'Unsampler',
    category: 'sampling',
    description: 'Computes the noise from which a deterministic sampler would produce a latent.',
    inputs: {
      model: socket('MODEL'),
      steps: int({ default: 20, min: 1, max: 10000 }),
      end_at_step: int({
        default: 0,
        min: 0,
        max: 10000,
        tooltip: 'The step, counted from full noise, at which it stops.',
      }),
      cfg: float({ default: 1, min: 0, max: 100 }),
      sampler_name: combo(SAMPLER_NAMES),
      scheduler: combo(SCHEDULERS),
      normalize: combo(['disable', 'enable'], {
        tooltip: 'Normalizes to mean 0 and standard deviation 1.',
      }),
      positive: socket('CONDITIONING'),
      negative: socket('CONDITIONING'),
      latent_image: socket('LATENT'),
    },
    outputs: [output('LATENT')],
    run: async ({ sampler_name, end_at_step, normalize, latent_image, ...inputs }, context) =>
      outputs(
        await unsample({
          ...inputs,
          ...samplingHooks(context),
          samplerName: sampler_name,
          endAtStep: end_at_step,
          normalize: normalize === 'enable',
          latent: latent_image,
        }),
      ),
  });

export const UNSAMPLER_NODES = [unsampler('BNK_Unsampler'), unsampler('Unsampler')];
