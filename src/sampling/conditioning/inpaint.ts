// Conditioning for inpainting models: the image, grey under the mask, and the mask (nodes.py
// InpaintModelConditioning).

import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import { toNHW } from '../../image/mask/mask-shape.ts';
import { cropPlanes } from '../../image/resize/common-upscale.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { map, reshape, type Tensor } from '../../tensor/tensor.ts';
import { SD_LATENT } from '../model/latent-format.ts';
import type { Conditioning, Latent } from '../sampling-types.ts';
import { setConditioningValues } from './operations.ts';

const RATIO = SD_LATENT.downscaleRatio;

/** Crops planes [N,C,H,W] about the centre to whole latent cells. */
export function cropToCells(x: Tensor): Tensor {
  const [, , height, width] = x.shape;
  const cut = (side: number): number => Math.floor(side / RATIO) * RATIO;
  const offset = (side: number): number => Math.floor((side % RATIO) / 2);
  return cropPlanes(x, {
    left: offset(width),
    top: offset(height),
    width: cut(width),
    height: cut(height),
  });
}

/** Sets planes [N,C,H,W] to 0.5 where the rounded mask [N or 1,1,H,W] is 1. */
function greyUnder(planes: Tensor, mask: Tensor): Tensor {
  const [, channels, height, width] = planes.shape;
  const plane = height * width;
  return map(planes, (value, i) => {
    const item = mask.shape[0] === 1 ? 0 : Math.floor(i / (channels * plane));
    return (
      Math.fround(
        Math.fround(value - 0.5) * (1 - roundHalfEven(mask.data[item * plane + (i % plane)])),
      ) + 0.5
    );
  });
}

export interface InpaintInputs {
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  readonly vae: Autoencoder;
  /** [N,H,W,3] */
  readonly pixels: Tensor;
  /** [M,h,w], M 1 or N. */
  readonly mask: Tensor;
  /** Samples inside the mask only. */
  readonly noiseMask: boolean;
}

/**
 * Returns both sides with the grey-masked image and the mask, and the latent of the whole image.
 */
export async function inpaintConditioning({
  positive,
  negative,
  vae,
  pixels,
  mask,
  noiseMask,
}: InpaintInputs): Promise<{
  positive: Conditioning;
  negative: Conditioning;
  latent: Latent;
}> {
  const masks = toNHW(mask);
  const [count, height, width] = masks.shape;
  const scaled = cropToCells(
    interpolate(
      reshape(masks, [count, 1, height, width]),
      { height: pixels.shape[1], width: pixels.shape[2] },
      'bilinear',
    ),
  );
  const concat_mask = reshape(scaled, [count, scaled.shape[2], scaled.shape[3]]);
  const concat_latent_image = await vae.encode(
    toNHWC(greyUnder(cropToCells(toNCHW(pixels)), scaled)),
  );
  const samples = await vae.encode(pixels);
  const values = { concat_latent_image, concat_mask };
  return {
    positive: setConditioningValues(positive, values),
    negative: setConditioningValues(negative, values),
    latent: noiseMask ? { samples, noise_mask: concat_mask } : { samples },
  };
}
