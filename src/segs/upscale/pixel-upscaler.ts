// One step of an iterative upscale (Impact Pack core.py: latent_upscale_on_pixel_space_*, PixelKSampleUpscaler, TwoSamplersForMaskUpscaler):
// the latent's picture enlarged in pixels, encoded again and sampled with a KSAMPLER of its own.
import { DarkroomError } from '../../errors.ts';
import { squeezeMask } from '../../image/mask/mask-shape.ts';
import { scaleImage } from '../../image/resize/common-upscale.ts';
import type { ControlNet } from '../../models/controlnet/controlnet.ts';
import type { UpscaleModel } from '../../models/upscaler/load.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { sampleDenoise } from '../../sampling/runs/step-range.ts';
import type { Latent, SamplingHooks } from '../../sampling/sampling-types.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import type { DenoiseSampler, Iteration, PixelHook } from '../hooks.ts';
import { maskAtLatentSize } from './latent-size-mask.ts';

export const PIXEL_SCALE_METHODS = ['nearest-exact', 'bilinear', 'lanczos', 'area'] as const;
export type PixelScaleMethod = (typeof PIXEL_SCALE_METHODS)[number];

/** What an upscaling step reports and obeys. */
export interface UpscaleHooks extends SamplingHooks {
  /** The picture before it is enlarged. */
  readonly onDecoded?: (pixels: Tensor) => Promise<void> | void;
}

/** UPSCALER */
export interface Upscaler {
  readonly vae: Autoencoder;
  /** The latent's picture at `width` x `height` (cut to whole pixels), sampled anew. */
  upscale(
    latent: Latent,
    width: number,
    height: number,
    iteration: Iteration,
    run: UpscaleHooks,
  ): Promise<Latent>;
}

export interface PixelScaling {
  readonly method: PixelScaleMethod;
  readonly vae: Autoencoder;
  /** Side of the tiles that the VAE works in, in pixels; in one piece unless given. */
  readonly tile?: number;
  /** Enlarges as often as needed before the picture is brought to its size. */
  readonly model?: UpscaleModel;
}

const OVERLAP = 64;

/** VAEDecode, or VAEDecodeTiled with tiles of `tile` pixels. Throws DR_SHAPE_MISMATCH for latents of another VAE. */
export async function decodePixels(
  vae: Autoencoder,
  { samples }: Latent,
  tile?: number,
): Promise<Tensor> {
  if (samples.shape[1] !== vae.latentChannels)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `the latents have ${samples.shape[1]} channels, the VAE takes ${vae.latentChannels}`,
      hint: 'Use the VAE of the model that made the latents.',
      input: 'vae',
    });
  const cells = (pixels: number): number => Math.floor(pixels / vae.factor);
  return tile === undefined
    ? vae.decode(samples)
    : vae.decode(samples, { tile: cells(tile), overlap: cells(OVERLAP) });
}

/** VAEEncode, or VAEEncodeTiled, of pictures [N,H,W,3]. */
export const encodePixels = async (
  vae: Autoencoder,
  pixels: Tensor,
  tile?: number,
): Promise<Latent> => ({
  samples: await (tile === undefined
    ? vae.encode(pixels)
    : vae.encode(pixels, { tile, overlap: OVERLAP })),
});

/** The picture of a latent enlarged, and its latent; `size` says how large it becomes. */
export async function scaleOnPixels(
  latent: Latent,
  size: (width: number, height: number) => readonly [width: number, height: number],
  { method, vae, tile, model }: PixelScaling,
  {
    hook,
    iteration = { current: 0, total: 0 },
    signal,
    onDecoded,
  }: { readonly hook?: PixelHook; readonly iteration?: Iteration } & UpscaleHooks = {},
): Promise<{ readonly latent: Latent; readonly pixels: Tensor }> {
  let pixels = await decodePixels(vae, latent, tile);
  if (hook?.postDecode) pixels = await hook.postDecode(pixels, iteration);
  await onDecoded?.(pixels);
  const [, first, start] = pixels.shape;
  const [width, height] = size(start, first);
  for (let now = start; model && now < width; now = pixels.shape[2]) {
    pixels = await model.upscale(pixels, { signal });
    if (pixels.shape[2] === start) break;
  }
  const scaled = scaleImage(
    pixels,
    { width: Math.trunc(width), height: Math.trunc(height) },
    method,
    'disabled',
  );
  const touched = hook?.postUpscale ? await hook.postUpscale(scaled, iteration) : scaled;
  const encoded = await encodePixels(vae, touched, tile);
  return {
    latent: hook?.postEncode ? await hook.postEncode(encoded, iteration) : encoded,
    pixels: scaled,
  };
}

/** KSAMPLER's sample: the hook may change what is sampled with. */
export async function sampleHooked(
  sampler: DenoiseSampler,
  latent: Latent,
  iteration: Iteration,
  run: UpscaleHooks,
  hook?: PixelHook,
): Promise<Latent> {
  const used = hook?.preSample ? await hook.preSample(sampler, latent, iteration) : sampler;
  const { seed, steps, denoise } = used;
  return sampleDenoise(used, {
    seed,
    steps,
    denoise,
    latent,
    signal: run.signal,
    onStep: run.onStep,
    warn: run.warn,
  });
}

export interface PixelUpscalerSettings extends PixelScaling {
  readonly sampler: DenoiseSampler;
  readonly hook?: PixelHook;
  /** For a tile ControlNet, which needs a preprocessor of another pack. */
  readonly tileControl?: ControlNet;
}

/** PixelKSampleUpscaler: the enlarged latent sampled once; a noise mask of the latent holds again. */
export const createPixelUpscaler = (o: PixelUpscalerSettings): Upscaler => ({
  vae: o.vae,
  async upscale(latent, width, height, iteration, run) {
    const { latent: scaled, pixels } = await scaleOnPixels(latent, () => [width, height], o, {
      hook: o.hook,
      iteration,
      ...run,
    });
    const masked = latent.noise_mask ? { ...scaled, noise_mask: latent.noise_mask } : scaled;
    if (o.tileControl) refuseTileControl(pixels, run);
    return sampleHooked(o.sampler, masked, iteration, run, o.hook);
  },
});

function refuseTileControl({ shape: [count] }: Tensor, { warn }: UpscaleHooks): void {
  if (count === 1)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        'tile_cnet_opt needs the node TilePreprocessor of the pack comfyui_controlnet_aux, which is not built in',
      hint: 'Leave tile_cnet_opt unconnected.',
      input: 'tile_cnet_opt',
    });
  warn?.(`tile_cnet_opt is ignored for a batch of ${count} pictures`);
}

/** When an iterative upscale samples the whole picture instead of inside and outside of the mask: by step and number of steps, from 1. */
export const FULL_SAMPLE_SCHEDULES = {
  none: () => false,
  interleave1: (step: number) => step % 2 === 0,
  interleave2: (step: number) => step % 3 === 0,
  interleave3: (step: number) => step % 4 === 0,
  // the original counts one step more than there is
  last1: () => false,
  last2: (step: number, steps: number) => step >= steps,
  'interleave1+last1': everySecondAndLast,
  'interleave2+last1': everySecondAndLast,
  'interleave3+last1': everySecondAndLast,
} satisfies Record<string, (step: number, steps: number) => boolean>;

export type FullSampleSchedule = keyof typeof FULL_SAMPLE_SCHEDULES;

/** All three "+last1" schedules are this one in the original. */
function everySecondAndLast(step: number, steps: number): boolean {
  return step % 2 === 0 || step >= steps;
}

export interface MaskUpscalerSettings extends PixelScaling {
  readonly schedule: FullSampleSchedule;
  readonly base: DenoiseSampler;
  readonly inside: DenoiseSampler;
  /** After the base, where the whole picture is sampled; the base again unless given. */
  readonly full?: DenoiseSampler;
  readonly mask: Tensor;
  readonly hooks: {
    readonly base?: PixelHook;
    readonly mask?: PixelHook;
    readonly full?: PixelHook;
  };
}

/** TwoSamplersForMaskUpscaler: one sampler outside and one inside of the mask, or both on the whole picture. */
export const createMaskUpscaler = (o: MaskUpscalerSettings): Upscaler => ({
  vae: o.vae,
  async upscale(latent, width, height, iteration, run) {
    const hook = o.model ? o.hooks.mask : o.hooks.base;
    const scaled = (
      await scaleOnPixels(latent, () => [width, height], o, { hook, iteration, ...run })
    ).latent;
    if (FULL_SAMPLE_SCHEDULES[o.schedule](iteration.current + 1, iteration.total)) {
      const sampled = await sampleHooked(o.base, scaled, iteration, run, o.hooks.base);
      return sampleHooked(o.full ?? o.base, sampled, iteration, run, o.hooks.full);
    }
    const mask = maskAtLatentSize(squeezeMask(o.mask), scaled.samples.shape);
    const samplers = { base: o.base, inside: o.inside };
    return sampleTwoForMask(
      scaled,
      samplers,
      { outside: maskWhereNotOne(mask), inside: mask },
      (sampler, now, which) =>
        sampleHooked(sampler, now, iteration, run, which === 'base' ? o.hooks.base : o.hooks.mask),
    );
  },
});

/** 1 where a mask is not exactly 1. */
export const maskWhereNotOne = (mask: Tensor): Tensor =>
  map(mask, (value) => (value === 1 ? 0 : 1));

/** TwoSamplersForMask: the base under one mask, then the other sampler under the second; the result has no mask. */
export async function sampleTwoForMask(
  latent: Latent,
  { base, inside }: { readonly base: DenoiseSampler; readonly inside: DenoiseSampler },
  masks: { readonly outside: Tensor; readonly inside: Tensor },
  sample: (sampler: DenoiseSampler, latent: Latent, which: 'base' | 'inside') => Promise<Latent>,
): Promise<Latent> {
  const first = await sample(base, { ...latent, noise_mask: masks.outside }, 'base');
  const { noise_mask: _, ...second } = await sample(
    inside,
    { ...first, noise_mask: masks.inside },
    'inside',
  );
  return second;
}
