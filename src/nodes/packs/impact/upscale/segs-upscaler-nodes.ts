// SEGSUpscaler: enlarges an image, then samples each of its segments. Source: Impact Pack
// segs_nodes.py, segs_upscaler.py.

import { isSoftMask } from '../../../../image/mask/core-masks.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { enlargeImage, resampleSegs } from '../../../../segs/upscale/segs-upscale.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext } from '../../../context.ts';
import { combo, defineNode, float, int, output, outputs, socket } from '../../../declare.ts';
import type { InputValues } from '../../../input-types.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import {
  denoiseSamplerOf,
  feather,
  inpaintInputs,
  samplerInputs,
  schedulerFunc,
  segmentDenoise,
} from '../impact-inputs.ts';
import type { BasicPipe } from '../impact-sockets.ts';

const enlargement = {
  rescale_factor: float({ default: 2, min: 0.01, max: 100, step: 0.01 }),
  resampling_method: combo(['lanczos', 'nearest', 'bilinear', 'bicubic'], {
    tooltip: 'No effect, as in the original: bicubic is always used.',
  }),
  supersample: combo(['true', 'false'], {
    tooltip: 'Resizes to eight times the size first.',
  }),
  rounding_modulus: int({
    default: 8,
    min: 8,
    max: 1024,
    step: 8,
    tooltip: 'No effect, as in the original.',
  }),
};

const optional = {
  upscale_model_opt: socket('UPSCALE_MODEL', {
    optional: true,
    tooltip: 'Applied first; the final size is that of rescale_factor.',
  }),
  upscaler_hook_opt: socket('UPSCALER_HOOK', { optional: true }),
  ...schedulerFunc,
};

const widgets = {
  ...enlargement,
  ...samplerInputs,
  denoise: segmentDenoise,
  feather,
  ...inpaintInputs,
};

type Settings = InputValues<typeof widgets & typeof optional>;

async function upscaleSegs(
  image: Tensor,
  segs: Segs,
  { model, vae, positive, negative }: Omit<BasicPipe, 'clip'>,
  inputs: Settings,
  context: NodeContext,
) {
  const { signal, warn, progress, status } = context;
  const enlarged = await enlargeImage(rgbChannels(image), {
    factor: inputs.rescale_factor,
    supersample: inputs.supersample === 'true',
    model: inputs.upscale_model_opt,
    signal,
  });
  const total = segs.segs.length;
  const soft = segs.segs.filter(({ croppedMask }) => isSoftMask(croppedMask)).length;
  if (soft > 0 && inputs.noise_mask_feather > 0)
    warn(
      `${soft} of ${total} masks are soft: with noise_mask_feather, their values say at which ` +
        'step a pixel starts to change, not how much it changes',
    );
  else if (soft > 0 && inputs.inpaint_model)
    warn(`${soft} of ${total} masks are soft: the inpainting model rounds them to 0 and 1`);
  let finished = 0;
  const reportStatus = (): void =>
    status(
      finished < total ? `${finished + 1}/${total} segments` : '',
      total ? finished / total : undefined,
    );
  reportStatus();
  const result = await resampleSegs(enlarged, segs, {
    sampler: denoiseSamplerOf({ model, positive, negative }, inputs),
    vae,
    feather: inputs.feather,
    noiseMaskFeather: inputs.noise_mask_feather,
    inpaintModel: inputs.inpaint_model,
    hook: inputs.upscaler_hook_opt,
    ...samplingHooks(context, (step) => [finished * inputs.steps + step + 1, total * inputs.steps]),
    onSegment(done) {
      finished = done;
      progress(done * inputs.steps, total * inputs.steps);
      reportStatus();
    },
  });
  return outputs(result);
}

const description = 'Enlarges an image and samples each of its segments.';

const SEGSUpscaler = defineNode({
  type: 'SEGSUpscaler',
  display: 'Upscaler (SEGS)',
  category: 'ImpactPack/Upscale',
  description,
  inputs: {
    image: socket('IMAGE'),
    segs: socket('SEGS'),
    model: socket('MODEL'),
    clip: socket('CLIP'),
    vae: socket('VAE'),
    ...enlargement,
    ...samplerInputs,
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    denoise: segmentDenoise,
    feather,
    ...inpaintInputs,
    ...optional,
  },
  outputs: [output('IMAGE')],
  run: ({ image, segs, ...inputs }, context) => upscaleSegs(image, segs, inputs, inputs, context),
});

const SEGSUpscalerPipe = defineNode({
  type: 'SEGSUpscalerPipe',
  display: 'Upscaler (SEGS/pipe)',
  category: 'ImpactPack/Upscale',
  description,
  inputs: {
    image: socket('IMAGE'),
    segs: socket('SEGS'),
    basic_pipe: socket('BASIC_PIPE'),
    ...widgets,
    ...optional,
  },
  outputs: [output('IMAGE')],
  run: ({ image, segs, basic_pipe, ...inputs }, context) =>
    upscaleSegs(image, segs, basic_pipe, inputs, context),
});

export const SEGS_UPSCALER_NODES = [SEGSUpscaler, SEGSUpscalerPipe];
