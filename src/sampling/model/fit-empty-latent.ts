// Makes an empty latent fit a model (comfy.sample.fix_empty_latent_channels): nodes that make empty
// latents do not know the model.
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Latent, LatentFormat } from '../sampling-types.ts';
import { isEmptyLatent } from './latent-format.ts';

/**
 * Returns a latent that a model of the format can sample. Zeros become zeros of the format's number
 * of channels and, if the latent says for which ratio it was made (`downscale_ratio_spacial`, which
 * is removed), of the size that its image has in the format. Other samples are not changed.
 */
export function fitEmptyLatent(latent: Latent, format: LatentFormat): Latent {
  const { downscale_ratio_spacial: ratio, ...rest } = latent;
  return { ...rest, samples: fitted(latent.samples, ratio, format) };
}

function fitted(
  samples: Tensor,
  ratio: number | undefined,
  { channels, downscaleRatio }: LatentFormat,
): Tensor {
  if (!isEmptyLatent(samples)) return samples;
  const [batch, , ...size] = samples.shape;
  const cells = (side: number): number =>
    ratio === undefined ? side : roundHalfEven(side * (ratio / downscaleRatio));
  const shape = [batch, channels, ...size.map(cells)];
  return `${shape}` === `${samples.shape}` ? samples : zeros(shape);
}
