// The Unsampler of ComfyUI_Noise. Workflow files call it BNK_Unsampler, the source Unsampler; both names are known.

import { unsample } from '../../../sampling/runs/unsample.ts';
import { SAMPLER_NAMES } from '../../../sampling/samplers/index.ts';
import { SCHEDULERS } from '../../../sampling/schedules/schedules.ts';
import { combo, defineNode, float, int, output, outputs, socket } from '../../declare.ts';
import { samplingHooks } from '../../shared/sampling-hooks.ts';

const declare = (type: string) =>
  defineNode({
    type,
    display: 'Unsampler',
    category: 'sampling',
    description:
      'Turns a latent back into the noise that a deterministic sampler would make it from.',
    inputs: {
      model: socket('MODEL'),
      steps: int({ default: 20, min: 1, max: 10000 }),
      end_at_step: int({
        default: 0,
        min: 0,
        max: 10000,
        tooltip: 'Stops at this step, counted from full noise.',
      }),
      cfg: float({ default: 1, min: 0, max: 100 }),
      sampler_name: combo(SAMPLER_NAMES),
      scheduler: combo(SCHEDULERS),
      normalize: combo(['disable', 'enable'], {
        tooltip: 'Mean 0 and standard deviation 1, as fresh noise has.',
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

export const UNSAMPLER_NODES = [declare('BNK_Unsampler'), declare('Unsampler')];
