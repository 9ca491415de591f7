// Upscaling in pixel space in several steps, each of which is sampled. Source: Impact Pack
// impact_pack.py, util_nodes.py.

import type { Latent } from '../../../../sampling/sampling-types.ts';
import {
  type IterativeUpscale,
  STEP_MODES,
  upscaleIteratively,
} from '../../../../segs/upscale/iterative-upscale.ts';
import {
  decodePixels,
  encodePixels,
  scaleOnPixels,
} from '../../../../segs/upscale/scale-on-pixels.ts';
import type { NodeContext } from '../../../context.ts';
import {
  combo,
  defineNode,
  float,
  int,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';
import { saveImages, tempSuffix } from '../../../shared/save-images.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import type { SocketValues } from '../../../socket-values.ts';
import { enabled } from '../impact-inputs.ts';
import { scaleMethod, tileSize, upscaleModel } from './upscale-inputs.ts';

const CATEGORY = 'ImpactPack/Upscale';

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
    { signal, behaviour: rules },
  ) {
    const scaling = {
      method: scale_method,
      vae,
      tile: use_tiled_vae ? 512 : undefined,
      model: upscale_model_opt,
    };
    const size = (width: number, height: number) =>
      [width * scale_factor, height * scale_factor] as const;
    const { latent, pixels } = await scaleOnPixels(samples, size, scaling, {
      iteration: { current: 0, total: 0, rules, signal },
    });
    return outputs(latent, pixels);
  },
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
  options: IterativeUpscale,
  prefix: string,
  context: NodeContext,
): Promise<Latent> {
  const result = await upscaleIteratively(latent, options, {
    ...samplingHooks(context),
    beforeStep: ({ index, scale, final }) => {
      const by = `x${scale.toFixed(2)}`;
      if (final) context.status(`Final step | ${by}`, 1);
      else
        context.status(`${index + 1}/${options.steps} steps | ${by}`, (index + 1) / options.steps);
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
  overlap?: number,
): Promise<Latent> {
  const { decode, encode }: { decode?: true; encode?: true } = TILE_MODES[mode];
  const pixels = await decodePixels(from, samples, decode && tile, overlap);
  return encodePixels(to, pixels, encode && tile, overlap);
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
    overlap: int({
      default: 64,
      min: 0,
      max: 4096,
      step: 32,
      optional: true,
      tooltip: 'Overlap of the tiles in pixels.',
    }),
  },
  outputs: [output('LATENT')],
  run: async ({ samples, tile_mode, input_vae, output_vae, tile_size, overlap }) =>
    outputs(await reencode(samples, tile_mode, input_vae, output_vae, tile_size, overlap)),
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
  IterativeLatentUpscale,
  IterativeImageUpscale,
  ReencodeLatent,
  ReencodeLatentPipe,
];
