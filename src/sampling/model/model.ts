// Combines a network and its model sampling into a model, the value of MODEL sockets.
import type { Prediction } from '../../formats/identify/prediction.ts';
import type { Denoiser } from '../../models/denoiser.ts';
import type { LatentFormat, Model } from '../sampling-types.ts';
import { SD, SD_X4, SDXL, SDXL_PLAYGROUND } from './latent-format.ts';
import { continuousSampling, discreteSampling, type ModelSampling } from './model-sampling.ts';

const LATENT_FORMATS: Readonly<Record<Model['family'], LatentFormat>> = {
  sd1: SD,
  sd2: SD,
  sdxl: SDXL,
  'sdxl-refiner': SDXL,
};

/** The sigmas of Playground v2.5. */
const EDM = { prediction: 'edm', sigmaMin: 0.002, sigmaMax: 80, sigmaData: 0.5 } as const;
/** The smallest sigma of CosXL, if its file does not have it. */
const V_EDM_MIN = 0.002;

function samplingOf(prediction: Prediction): ModelSampling {
  switch (prediction.kind) {
    case 'eps':
      return discreteSampling();
    case 'v':
      return discreteSampling({ prediction: 'v', zsnr: prediction.zsnr });
    case 'edm':
      return continuousSampling(EDM);
    case 'v-edm':
      return continuousSampling({
        prediction: 'v',
        sigmaMin: prediction.sigmaMin ?? V_EDM_MIN,
        sigmaMax: prediction.sigmaMax,
      });
  }
}

/** The betas of the x4 upscaler, and of the noise on its low-resolution image. */
export const X4_BETAS = [0.0001, 0.02] as const;

/** Creates a model of a family, with eps prediction by default. */
export function makeModel(
  family: Model['family'],
  denoiser: Denoiser,
  prediction: Prediction = { kind: 'eps' },
): Model {
  if (denoiser.hasNoiseLevels)
    return {
      family,
      denoiser,
      sampling: discreteSampling({ prediction: 'v', betas: X4_BETAS }),
      latentFormat: SD_X4,
    };
  return {
    family,
    denoiser,
    sampling: samplingOf(prediction),
    latentFormat: prediction.kind === 'edm' ? SDXL_PLAYGROUND : LATENT_FORMATS[family],
  };
}
