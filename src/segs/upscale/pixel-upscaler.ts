// An upscaling step that samples the enlarged latent once (Impact Pack core.py,
// PixelKSampleUpscaler).
import { DarkroomError } from '../../errors.ts';
import type { ControlNet } from '../../models/controlnet/controlnet.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DenoiseSampler, Iteration, PixelHook } from '../hooks.ts';
import { type PixelScaling, scaleOnPixels } from './scale-on-pixels.ts';
import { sampleHooked, type Upscaler } from './upscaler.ts';

export interface PixelUpscalerSettings extends PixelScaling {
  readonly sampler: DenoiseSampler;
  readonly hook?: PixelHook;
  /** A tile ControlNet, which is refused: it needs a preprocessor of another pack. */
  readonly tileControl?: ControlNet;
}

/** PixelKSampleUpscaler: the enlarged latent keeps the latent's noise mask and is sampled once. */
export const createPixelUpscaler = (settings: PixelUpscalerSettings): Upscaler => ({
  vae: settings.vae,
  async upscale(latent, width, height, iteration, hooks) {
    const { hook, sampler, tileControl } = settings;
    const size = () => [width, height] as const;
    const scaled = await scaleOnPixels(latent, size, settings, { hook, iteration, ...hooks });
    const masked = latent.noise_mask
      ? { ...scaled.latent, noise_mask: latent.noise_mask }
      : scaled.latent;
    if (tileControl) refuseTileControl(scaled.pixels, iteration);
    return sampleHooked(sampler, masked, iteration, hooks, hook);
  },
});

/** Throws DR_INPUT_INVALID for a single image; the original ignores the ControlNet for a batch. */
function refuseTileControl({ shape: [count] }: Tensor, { warn }: Iteration): void {
  if (count === 1)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        'tile_cnet_opt needs the node TilePreprocessor of the pack comfyui_controlnet_aux, ' +
        'which is not built in',
      hint: 'Leave tile_cnet_opt unconnected.',
      input: 'tile_cnet_opt',
    });
  warn?.(`tile_cnet_opt is ignored for a batch of ${count} images`);
}
