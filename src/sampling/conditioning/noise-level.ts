// The noise on the low-resolution image of Stable Diffusion's x4 upscaler (comfy.model_base
// SD_X4Upscaler, ImageConcatWithNoiseAugmentation).
import { torchGenerator } from '../../random/torch-generator.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { combine, f32 } from '../float32.ts';
import { X4_BETAS } from '../model/model.ts';
import { sigmaTable } from '../model/model-sampling.ts';
import type { ConditioningEntry } from '../sampling-types.ts';

const MAX_LEVEL = 350;
/** The noise has the seed of the run less this. */
const SEED_OFFSET = 10n;

/** The noise level of an entry, which the network is given too. */
export const noiseLevelOf = ({ noise_augmentation = 0 }: ConditioningEntry): number =>
  roundHalfEven(MAX_LEVEL * noise_augmentation);

/** Adds noise of a level to an image [N,3,H,W]. */
export function withNoise(image: Tensor, level: number, seed: bigint): Tensor {
  const sigma = sigmaTable(X4_BETAS)[level];
  const alphaBar = 1 / (sigma ** 2 + 1);
  const noise = torchGenerator(BigInt.asUintN(64, seed - SEED_OFFSET)).randn(image.data.length);
  return tensor(
    image.shape,
    combine(image.data, f32(Math.sqrt(alphaBar)), noise, f32(Math.sqrt(1 - alphaBar))),
  );
}
