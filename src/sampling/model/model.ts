// Combines a network and its model sampling into a model, the value of MODEL sockets.
import type { Prediction } from '../../formats/identify/prediction.ts';
import type { Denoiser } from '../../models/denoiser.ts';
import type { LatentFormat, Model } from '../sampling-types.ts';
import { flowSampling, fluxSampling } from './flow-sampling.ts';
import {
  FLUX,
  FLUX2,
  QWEN21,
  SD,
  SD_X4,
  SD3,
  SDXL,
  SDXL_PLAYGROUND,
  WAN21,
} from './latent-format.ts';
import { continuousSampling, discreteSampling, type ModelSampling } from './model-sampling.ts';

interface FamilyRule {
  readonly latentFormat: LatentFormat;
  /** Of flow models; others have that of their prediction. */
  readonly sampling?: () => ModelSampling;
}

const FLOW_FAMILY = { latentFormat: FLUX } as const;

const FAMILIES: Readonly<Record<Model['family'], FamilyRule>> = {
  sd1: { latentFormat: SD },
  sd2: { latentFormat: SD },
  sdxl: { latentFormat: SDXL },
  'sdxl-refiner': { latentFormat: SDXL },
  sd3: { latentFormat: SD3, sampling: () => flowSampling({ shift: 3 }) },
  flux: { ...FLOW_FAMILY, sampling: fluxSampling },
  'flux-schnell': { ...FLOW_FAMILY, sampling: () => flowSampling({ multiplier: 1 }) },
  flux2: { latentFormat: FLUX2, sampling: () => fluxSampling({ shift: 2.02 }) },
  'longcat-image': { ...FLOW_FAMILY, sampling: fluxSampling },
  chroma: { ...FLOW_FAMILY, sampling: fluxSampling },
  lumina2: { ...FLOW_FAMILY, sampling: () => flowSampling({ shift: 6, multiplier: 1 }) },
  'z-image': { ...FLOW_FAMILY, sampling: () => flowSampling({ shift: 3, multiplier: 1 }) },
  'qwen-image': { latentFormat: WAN21, sampling: fluxSampling },
  'qwen-image-21': { latentFormat: QWEN21, sampling: () => fluxSampling({ shift: 0.69 }) },
  hidream: { ...FLOW_FAMILY, sampling: () => flowSampling() },
  auraflow: { latentFormat: SDXL, sampling: () => flowSampling({ shift: 1.73, multiplier: 1 }) },
  krea2: { latentFormat: WAN21, sampling: fluxSampling },
  anima: { latentFormat: WAN21, sampling: () => flowSampling({ shift: 3, multiplier: 1 }) },
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
    case 'flow':
      return flowSampling();
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

/** Creates a model of a family; UNets predict noise by default. */
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
  const { latentFormat, sampling } = FAMILIES[family];
  return {
    family,
    denoiser,
    sampling: sampling?.() ?? samplingOf(prediction),
    latentFormat: prediction.kind === 'edm' ? SDXL_PLAYGROUND : latentFormat,
  };
}
