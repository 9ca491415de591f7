// The steps of iterative upscales as values. Source: Impact Pack impact_pack.py.
import { SAMPLER_NAMES } from '../../../../sampling/samplers/index.ts';
import { IMPACT_SCHEDULERS } from '../../../../sampling/schedules/impact-schedules.ts';
import type { DenoiseSampler } from '../../../../segs/hooks.ts';
import {
  createMaskUpscaler,
  FULL_SAMPLE_SCHEDULES,
  type FullSampleSchedule,
} from '../../../../segs/upscale/mask-upscaler.ts';
import { createPixelUpscaler } from '../../../../segs/upscale/pixel-upscaler.ts';
import type { PixelScaleMethod } from '../../../../segs/upscale/scale-on-pixels.ts';
import { combo, defineNode, float, int, output, outputs, seed, socket } from '../../../declare.ts';
import type { InputValues } from '../../../input-types.ts';
import type { SocketValues } from '../../../socket-values.ts';
import { enabled, schedulerFunc } from '../impact-inputs.ts';
import { scaleMethod, tileSize, upscaleModel } from './upscale-inputs.ts';

const CATEGORY = 'ImpactPack/Upscale';

const pkHook = socket('PK_HOOK', { optional: true });

const samplerSettings = {
  seed: seed(),
  steps: int({ default: 20, min: 1, max: 10000 }),
  cfg: float({ default: 8, min: 0, max: 100 }),
  sampler_name: combo(SAMPLER_NAMES),
  scheduler: combo(IMPACT_SCHEDULERS),
};
const denoise = float({
  default: 1,
  min: 0,
  max: 1,
  step: 0.01,
  tooltip: 'How much each enlarged image changes; 1 replaces it entirely.',
});
const pixelOptional = { ...upscaleModel, pk_hook_opt: pkHook, ...schedulerFunc };
const tileControl = {
  tile_cnet_opt: socket('CONTROL_NET', {
    optional: true,
    tooltip: 'Not supported: it needs a preprocessor of another pack.',
  }),
  tile_cnet_strength: float({ default: 1, min: 0, max: 1, step: 0.01, optional: true }),
};

interface PixelSettings extends InputValues<typeof samplerSettings & typeof pixelOptional> {
  readonly scale_method: PixelScaleMethod;
  readonly denoise: number;
  readonly use_tiled_vae: boolean;
  readonly tile_size: number;
  readonly tile_cnet_opt?: SocketValues['CONTROL_NET'];
}

type PipeValues = Pick<SocketValues['BASIC_PIPE'], 'model' | 'vae' | 'positive' | 'negative'>;

function pixelUpscalerOf(
  { model, vae, positive, negative }: PipeValues,
  inputs: PixelSettings,
): SocketValues['UPSCALER'] {
  const { seed, steps, cfg, scheduler, denoise, sampler_name, scheduler_func_opt } = inputs;
  const sampler: DenoiseSampler = {
    model,
    positive,
    negative,
    seed,
    steps,
    cfg,
    scheduler,
    denoise,
    samplerName: sampler_name,
    schedulerFunc: scheduler_func_opt,
  };
  return createPixelUpscaler({
    sampler,
    vae,
    method: inputs.scale_method,
    tile: inputs.use_tiled_vae ? inputs.tile_size : undefined,
    model: inputs.upscale_model_opt,
    hook: inputs.pk_hook_opt,
    tileControl: inputs.tile_cnet_opt,
  });
}

const PixelKSampleUpscalerProvider = defineNode({
  type: 'PixelKSampleUpscalerProvider',
  display: 'PixelKSampleUpscalerProvider',
  category: CATEGORY,
  description: 'A step of an iterative upscale: enlarges the image, encodes and samples it.',
  inputs: {
    scale_method: scaleMethod,
    model: socket('MODEL'),
    vae: socket('VAE'),
    ...samplerSettings,
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    denoise,
    use_tiled_vae: enabled(false),
    tile_size: tileSize,
    ...pixelOptional,
  },
  outputs: [output('UPSCALER')],
  run: (inputs) => outputs(pixelUpscalerOf(inputs, inputs)),
});

const PixelKSampleUpscalerProviderPipe = defineNode({
  type: 'PixelKSampleUpscalerProviderPipe',
  display: 'PixelKSampleUpscalerProviderPipe',
  category: CATEGORY,
  description: 'A step of an iterative upscale: enlarges the image, encodes and samples it.',
  inputs: {
    scale_method: scaleMethod,
    ...samplerSettings,
    denoise,
    use_tiled_vae: enabled(false),
    basic_pipe: socket('BASIC_PIPE'),
    tile_size: tileSize,
    ...pixelOptional,
    ...tileControl,
  },
  outputs: [output('UPSCALER')],
  run: ({ basic_pipe, ...inputs }) => outputs(pixelUpscalerOf(basic_pipe, inputs)),
});

const maskSettings = {
  scale_method: scaleMethod,
  full_sample_schedule: combo(Object.keys(FULL_SAMPLE_SCHEDULES) as FullSampleSchedule[], {
    tooltip: 'The steps in which both samplers sample the whole image.',
  }),
  use_tiled_vae: enabled(false),
  base_sampler: socket('KSAMPLER', { tooltip: 'Samples outside the mask.' }),
  mask_sampler: socket('KSAMPLER', { tooltip: 'Samples inside the mask.' }),
  mask: socket('MASK', {
    tooltip: 'As in the original, only its first row is used, unless it is a batch.',
  }),
};
const maskOptional = {
  full_sampler_opt: socket('KSAMPLER', {
    optional: true,
    tooltip: 'The second sampler for the whole image; base_sampler unless connected.',
  }),
  ...upscaleModel,
  pk_hook_base_opt: pkHook,
  pk_hook_mask_opt: pkHook,
  pk_hook_full_opt: pkHook,
};

type MaskSettings = InputValues<typeof maskSettings & typeof maskOptional> & {
  readonly tile_size: number;
};

const maskUpscalerOf = (vae: SocketValues['VAE'], inputs: MaskSettings): SocketValues['UPSCALER'] =>
  createMaskUpscaler({
    vae,
    method: inputs.scale_method,
    tile: inputs.use_tiled_vae ? inputs.tile_size : undefined,
    model: inputs.upscale_model_opt,
    schedule: inputs.full_sample_schedule,
    base: inputs.base_sampler,
    inside: inputs.mask_sampler,
    full: inputs.full_sampler_opt,
    mask: inputs.mask,
    hooks: {
      base: inputs.pk_hook_base_opt,
      mask: inputs.pk_hook_mask_opt,
      full: inputs.pk_hook_full_opt,
    },
  });

const TwoSamplersForMaskUpscalerProvider = defineNode({
  type: 'TwoSamplersForMaskUpscalerProvider',
  display: 'TwoSamplersForMask Upscaler Provider',
  category: CATEGORY,
  inputs: { ...maskSettings, vae: socket('VAE'), tile_size: tileSize, ...maskOptional },
  outputs: [output('UPSCALER')],
  run: ({ vae, ...inputs }) => outputs(maskUpscalerOf(vae, inputs)),
});

const TwoSamplersForMaskUpscalerProviderPipe = defineNode({
  type: 'TwoSamplersForMaskUpscalerProviderPipe',
  display: 'TwoSamplersForMask Upscaler Provider (pipe)',
  category: CATEGORY,
  inputs: {
    ...maskSettings,
    basic_pipe: socket('BASIC_PIPE'),
    tile_size: tileSize,
    ...maskOptional,
  },
  outputs: [output('UPSCALER')],
  run: ({ basic_pipe, ...inputs }) => outputs(maskUpscalerOf(basic_pipe.vae, inputs)),
});

export const UPSCALER_PROVIDER_NODES = [
  PixelKSampleUpscalerProvider,
  PixelKSampleUpscalerProviderPipe,
  TwoSamplersForMaskUpscalerProvider,
  TwoSamplersForMaskUpscalerProviderPipe,
];
