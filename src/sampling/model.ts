// Puts a network and its sampling together to what MODEL sockets carry.
import type { UNet } from '../runtime/types.ts';
import { SD, SDXL } from './latent-format.ts';
import { type DiscreteOptions, discreteSampling } from './model-sampling.ts';
import type { LatentFormat, Model } from './types.ts';

const LATENT_FORMATS: Readonly<Record<Model['family'], LatentFormat>> = { sd1: SD, sd2: SD, sdxl: SDXL, 'sdxl-refiner': SDXL };

/** A model of a family; eps prediction and no zero terminal SNR unless told. */
export const makeModel = (family: Model['family'], unet: UNet, options: DiscreteOptions = {}): Model => ({
  family,
  unet,
  sampling: discreteSampling(options),
  latentFormat: LATENT_FORMATS[family],
});
