// Makes an empty latent fit a model (comfy.sample.fix_empty_latent_channels): nodes that make empty
// latents do not know the model.
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Latent, LatentFormat } from '../sampling-types.ts';
import { isEmptyLatent } from './latent-format.ts';

/**
 * Returns the samples of a latent, [B,C,H,W]. Zeros become zeros of the format's number of channels
 * and, if the latent says for which ratio it was made (`downscale_ratio_spacial`), of the size that
 * its image has in the format. Other latents are returned unchanged.
 */
export function fitEmptyLatent(
  { samples, downscale_ratio_spacial: ratio }: Latent,
  { channels, downscaleRatio }: LatentFormat,
): Tensor {
  if (!isEmptyLatent(samples)) return samples;
  const [batch, , ...size] = samples.shape;
  const cells = (side: number): number =>
    ratio === undefined ? side : roundHalfEven(side * (ratio / downscaleRatio));
  const shape = [batch, channels, ...size.map(cells)];
  return `${shape}` === `${samples.shape}` ? samples : zeros(shape);
}
