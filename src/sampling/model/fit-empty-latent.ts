// Makes an empty latent fit a model (comfy.sample.fix_empty_latent_channels): nodes that make empty
// latents do not know the model.
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { reshape, type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Latent, LatentFormat } from '../sampling-types.ts';
import { isEmptyLatent } from './latent-format.ts';

/**
 * Returns a latent that a model of the format can sample. Zeros become zeros of the format's number
 * of channels and, if the latent says for which ratio it was made (`downscale_ratio_spacial`, which
 * is removed), of the size that its image has in the format. Other samples are not changed, but for
 * the axis of frames, which both get where the format has one.
 */
export function fitEmptyLatent(latent: Latent, format: LatentFormat): Latent {
  const { downscale_ratio_spacial: ratio, ...rest } = latent;
  return { ...rest, samples: fitted(latent.samples, ratio, format) };
}

function fitted(
  samples: Tensor,
  ratio: number | undefined,
  { channels, downscaleRatio, hasFrames }: LatentFormat,
): Tensor {
  const { shape } = samples;
  const frames = shape.slice(2, -2);
  const ownFrames = hasFrames && frames.length === 0 ? [1] : frames;
  const cells = (side: number): number =>
    ratio === undefined ? side : roundHalfEven(side * (ratio / downscaleRatio));
  const fits = isEmptyLatent(samples)
    ? [shape[0], channels, ...ownFrames, ...shape.slice(-2).map(cells)]
    : [...shape.slice(0, 2), ...ownFrames, ...shape.slice(-2)];
  if (`${fits}` === `${shape}`) return samples;
  return isEmptyLatent(samples) ? zeros(fits) : reshape(samples, fits);
}
