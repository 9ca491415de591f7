// Multiplies weights of networks by numbers, as ComfyUI does by ModelPatcher.add_patches with an
// empty patch and a strength of the model.
import type { Clip } from '../clip/clip.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import type { Denoiser } from '../denoiser.ts';
import type { Scaling } from './changes.ts';

/** Returns the factor of a weight; undefined for weights that stay as they are. */
export type FactorOf = Scaling['factor'];

/** Returns a UNet with some weights multiplied; one without weights is returned as it is. */
export const multiplyUNet = (unet: Denoiser, factor: FactorOf): Denoiser =>
  unet.base ? unet.variant({ changes: [{ factor }] }) : unet;

/** Returns a CLIP with some weights of all its encoders multiplied. */
export const multiplyClip = (clip: Clip, factor: FactorOf): Clip =>
  clip.withEncoders(
    clip.encoders.map(
      (encoder): TextEncoder =>
        encoder.base && encoder.withChanges ? encoder.withChanges([{ factor }]) : encoder,
    ),
  );
