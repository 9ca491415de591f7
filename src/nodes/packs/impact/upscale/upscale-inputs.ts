// Inputs that the upscaling nodes share.
import { PIXEL_SCALE_METHODS } from '../../../../segs/upscale/scale-on-pixels.ts';
import { combo, int, socket } from '../../../declare.ts';

export const scaleMethod = combo(PIXEL_SCALE_METHODS, { tooltip: 'How the image is resized.' });
export const tileSize = int({
  default: 512,
  min: 320,
  max: 4096,
  step: 64,
  tooltip: "Side of the VAE's tiles in pixels.",
});
export const upscaleModel = {
  upscale_model_opt: socket('UPSCALE_MODEL', {
    optional: true,
    tooltip: 'Enlarges the image before it is resized.',
  }),
};
