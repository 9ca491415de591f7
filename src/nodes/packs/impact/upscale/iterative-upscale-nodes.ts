// Upscaling in pixel space in several steps, each of which is sampled. Source: Impact Pack
// impact_pack.py, util_nodes.py.

import { SAMPLER_NAMES } from '../../../../sampling/samplers/index.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import { IMPACT_SCHEDULERS } from '../../../../sampling/schedules/impact-schedules.ts';
import type { DenoiseSampler } from '../../../../segs/hooks.ts';
import {
  type IterativeUpscale,
  STEP_MODES,
  upscaleIteratively,
} from '../../../../segs/upscale/iterative-upscale.ts';
import {
  createMaskUpscaler,
  FULL_SAMPLE_SCHEDULES,
  type FullSampleSchedule,
} from '../../../../segs/upscale/mask-upscaler.ts';
import { createPixelUpscaler } from '../../../../segs/upscale/pixel-upscaler.ts';
import {
  decodePixels,
  encodePixels,
  PIXEL_SCALE_METHODS,
  type PixelScaleMethod,
  scaleOnPixels,
} from '../../../../segs/upscale/scale-on-pixels.ts';
import type { NodeContext } from '../../../context.ts';
import {
  combo,
  defineNode,
  float,
  type InputValues,
  int,
  output,
  outputs,
  seed,
  socket,
  string,
} from '../../../declare.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';
import { saveImages, tempSuffix } from '../../../shared/save-images.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import type { SocketValues } from '../../../socket-values.ts';
import { enabled, schedulerFunc } from '../impact-inputs.ts';

const CATEGORY = 'ImpactPack/Upscale';

const scaleMethod = combo(PIXEL_SCALE_METHODS, { tooltip: 'How the image is resized.' });
const tileSize = int({
  default: 512,
  min: 320,
  max: 4096,
  step: 64,
  tooltip: "Side of the VAE's tiles in pixels.",
});
const upscaleModel = {
  upscale_model_opt: socket('UPSCALE_MODEL', {
    optional: true,
    tooltip: 'Enlarges the image before it is resized.',
  }),
};
const pkHook = socket('PK_HOOK', { optional: true });

const LatentPixelScale = defineNode({
  type: 'LatentPixelScale',
  display: 'Latent Scale (on Pixel Space)',
  category: CATEGORY,
  description: 'Decodes a latent, resizes the image and encodes it again.',
  inputs: {
    samples: socket('LATENT'),
    scale_method: scaleMethod,
    scale_factor: float({ default: 1.5, min: 0.1, max: 10000, step: 0.1 }),
    vae: socket('VAE'),
    use_tiled_vae: enabled(false),
    ...upscaleModel,
  },
  outputs: [output('LATENT'), output('IMAGE')],
  async run(
    { samples, scale_method, scale_factor, vae, use_tiled_vae, upscale_model_opt },
    { signal },
  ) {
    const scaling = {
      method: scale_method,
      vae,
      tile: use_tiled_vae ? 512 : undefined,
      model: upscale_model_opt,
    };
    const size = (width: number, height: number) =>
      [width * scale_factor, height * scale_factor] as const;
    const { latent, pixels } = await scaleOnPixels(samples, size, scaling, { signal });
    return outputs(latent, pixels);
  },
});

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
  i: PixelSettings,
): SocketValues['UPSCALER'] {
  const { seed, steps, cfg, scheduler, denoise, sampler_name, scheduler_func_opt } = i;
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
    method: i.scale_method,
    tile: i.use_tiled_vae ? i.tile_size : undefined,
    model: i.upscale_model_opt,
    hook: i.pk_hook_opt,
    tileControl: i.tile_cnet_opt,
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

const maskUpscalerOf = (vae: SocketValues['VAE'], i: MaskSettings): SocketValues['UPSCALER'] =>
  createMaskUpscaler({
    vae,
    method: i.scale_method,
    tile: i.use_tiled_vae ? i.tile_size : undefined,
    model: i.upscale_model_opt,
    schedule: i.full_sample_schedule,
    base: i.base_sampler,
    inside: i.mask_sampler,
    full: i.full_sampler_opt,
    mask: i.mask,
    hooks: { base: i.pk_hook_base_opt, mask: i.pk_hook_mask_opt, full: i.pk_hook_full_opt },
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

const iterations = {
  upscale_factor: float({
    default: 1.5,
    min: 1,
    max: 10000,
    step: 0.1,
    tooltip: 'Factor on each side.',
  }),
  steps: int({ default: 3, min: 1, max: 10000, step: 1, tooltip: 'Number of steps.' }),
  temp_prefix: string({
    default: '',
    tooltip:
      'Saves the image before each step in the temp folder under this name, unless it is empty.',
  }),
  upscaler: socket('UPSCALER', { tooltip: 'The upscaler that runs in each step.' }),
};
const stepMode = combo(STEP_MODES, {
  default: 'simple',
  tooltip: 'simple: each step adds the same amount; geometric: each step has the same factor.',
});

async function upscale(
  latent: Latent,
  o: IterativeUpscale,
  prefix: string,
  context: NodeContext,
): Promise<Latent> {
  const result = await upscaleIteratively(latent, o, {
    ...samplingHooks(context),
    beforeStep: ({ index, scale, final }) => {
      const by = `x${scale.toFixed(2)}`;
      if (final) context.status(`Final step | ${by}`, 1);
      else context.status(`${index + 1}/${o.steps} steps | ${by}`, (index + 1) / o.steps);
    },
    onDecoded: async (pixels) => {
      if (prefix)
        await saveImages(pixels, context, {
          type: 'temp',
          prefix: `${prefix}${tempSuffix(context.random)}`,
          level: 1,
        });
    },
  });
  context.status('');
  return result;
}

const IterativeLatentUpscale = defineNode({
  type: 'IterativeLatentUpscale',
  display: 'Iterative Upscale (Latent/on Pixel Space)',
  category: CATEGORY,
  description: 'Enlarges a latent in several steps and samples it in each.',
  inputs: { samples: socket('LATENT'), ...iterations, step_mode: stepMode },
  hidden: { unique_id: 'UNIQUE_ID' },
  outputs: [output('LATENT', 'latent'), output('VAE', 'vae')],
  async run({ samples, upscale_factor, steps, temp_prefix, upscaler, step_mode }, context) {
    const latent = await upscale(
      samples,
      { factor: upscale_factor, steps, mode: step_mode, upscaler },
      temp_prefix,
      context,
    );
    return outputs(latent, upscaler.vae);
  },
});

const IterativeImageUpscale = defineNode({
  type: 'IterativeImageUpscale',
  display: 'Iterative Upscale (Image)',
  category: CATEGORY,
  description: 'Enlarges an image in several steps and samples it in each.',
  inputs: { pixels: socket('IMAGE'), ...iterations, vae: socket('VAE'), step_mode: stepMode },
  hidden: { unique_id: 'UNIQUE_ID' },
  outputs: [output('IMAGE', 'image')],
  async run({ pixels, upscale_factor, steps, temp_prefix, upscaler, vae, step_mode }, context) {
    context.status('VAEEncode (first)', 0);
    const latent = await encodePixels(vae, rgbChannels(pixels));
    const result = await upscale(
      latent,
      { factor: upscale_factor, steps, mode: step_mode, upscaler },
      temp_prefix,
      context,
    );
    context.status('VAEDecode (final)', 1);
    const image = await decodePixels(vae, result);
    context.status('');
    return outputs(image);
  },
});

const TILE_MODES = {
  None: {},
  Both: { decode: true, encode: true },
  'Decode(input) only': { decode: true },
  'Encode(output) only': { encode: true },
} as const satisfies Record<string, { decode?: true; encode?: true }>;

const tileMode = combo(Object.keys(TILE_MODES) as (keyof typeof TILE_MODES)[], {
  tooltip: 'Which VAE processes the image in tiles.',
});

async function reencode(
  samples: Latent,
  mode: keyof typeof TILE_MODES,
  from: SocketValues['VAE'],
  to: SocketValues['VAE'],
  tile = 512,
): Promise<Latent> {
  const { decode, encode }: { decode?: true; encode?: true } = TILE_MODES[mode];
  return encodePixels(to, await decodePixels(from, samples, decode && tile), encode && tile);
}

const ReencodeLatent = defineNode({
  type: 'ReencodeLatent',
  display: 'Reencode Latent',
  category: 'ImpactPack/Util',
  description: 'Decodes a latent with one VAE and encodes it with another.',
  inputs: {
    samples: socket('LATENT'),
    tile_mode: tileMode,
    input_vae: socket('VAE'),
    output_vae: socket('VAE'),
    tile_size: tileSize,
  },
  outputs: [output('LATENT')],
  run: async ({ samples, tile_mode, input_vae, output_vae, tile_size }) =>
    outputs(await reencode(samples, tile_mode, input_vae, output_vae, tile_size)),
});

const ReencodeLatentPipe = defineNode({
  type: 'ReencodeLatentPipe',
  display: 'Reencode Latent (pipe)',
  category: 'ImpactPack/Util',
  description: "Decodes a latent with one pipe's VAE and encodes it with the other's.",
  inputs: {
    samples: socket('LATENT'),
    tile_mode: tileMode,
    input_basic_pipe: socket('BASIC_PIPE'),
    output_basic_pipe: socket('BASIC_PIPE'),
  },
  outputs: [output('LATENT')],
  run: async ({ samples, tile_mode, input_basic_pipe, output_basic_pipe }) =>
    outputs(await reencode(samples, tile_mode, input_basic_pipe.vae, output_basic_pipe.vae)),
});

export const ITERATIVE_UPSCALE_NODES = [
  LatentPixelScale,
  PixelKSampleUpscalerProvider,
  PixelKSampleUpscalerProviderPipe,
  TwoSamplersForMaskUpscalerProvider,
  TwoSamplersForMaskUpscalerProviderPipe,
  IterativeLatentUpscale,
  IterativeImageUpscale,
  ReencodeLatent,
  ReencodeLatentPipe,
];
