// The denoiser of each family: how it is created, and the layout of diffusers.
import type { Family } from '../../formats/identify/identified-model.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { createAnima } from '../anima/anima.ts';
import { auraFlow } from '../auraflow/auraflow.ts';
import { auraFlowFromDiffusers } from '../auraflow/layout.ts';
import { createChroma } from '../chroma/network.ts';
import type { ClipFamily } from '../clip/clip.ts';
import type { Denoiser } from '../denoiser.ts';
import { createDit } from '../dit/network.ts';
import { flux2FromDiffusers, fluxFromDiffusers, fluxTensors } from '../flux/layout.ts';
import { createFlux, createFlux2, createLongCat } from '../flux/network.ts';
import { hiDream } from '../hidream/hidream.ts';
import { createKrea2 } from '../krea2/krea2.ts';
import { mmditFromDiffusers } from '../mmdit/layout.ts';
import { mmdit } from '../mmdit/mmdit.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { fromDiffusersNextDit } from '../nextdit/diffusers-nextdit.ts';
import { createNextDit } from '../nextdit/nextdit.ts';
import { createQwenImage } from '../qwenimage/qwen-image.ts';
import { createQwenImage21 } from '../qwenimage21/qwen-image-21.ts';
import { fromDiffusers } from '../unet/diffusers-unet.ts';
import { createUNet } from '../unet/network.ts';
import type { Weights } from '../weights/tensors.ts';

type Rename = (tensors: ReadonlyMap<string, TensorInfo>) => ReadonlyMap<string, TensorInfo>;

export interface DenoiserKind {
  /** Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
  readonly create: (runtime: ModelRuntime, weights: Weights) => Denoiser;
  /** Returns the tensors of a file in the layout of diffusers by their original names. */
  readonly fromDiffusers: Rename;
  /** Returns the tensors of an original file by the names that `create` expects. */
  readonly fromOriginal?: Rename;
  /** How the family uses text encoders. */
  readonly clip: ClipFamily;
}

type Network = Omit<DenoiserKind, 'clip'>;

const asNamed: Rename = (tensors) => tensors;

const UNET: Network = { create: createUNet, fromDiffusers };
const NEXTDIT: Network = { create: createNextDit, fromDiffusers: fromDiffusersNextDit };
const FLUX: Network = {
  create: createFlux,
  fromDiffusers: fluxFromDiffusers,
  fromOriginal: fluxTensors,
};
const MMDIT: Network = {
  create: (runtime, weights) => createDit(runtime, weights, mmdit),
  fromDiffusers: mmditFromDiffusers,
};

export const DENOISERS: Readonly<Record<Family, DenoiserKind>> = {
  sd1: { ...UNET, clip: 'sd1' },
  sd2: { ...UNET, clip: 'sd2' },
  sdxl: { ...UNET, clip: 'sdxl' },
  'sdxl-refiner': { ...UNET, clip: 'sdxl-refiner' },
  sd3: { ...MMDIT, clip: 'sd3' },
  flux: { ...FLUX, clip: 'flux' },
  'flux-schnell': { ...FLUX, clip: 'flux' },
  flux2: { ...FLUX, create: createFlux2, fromDiffusers: flux2FromDiffusers, clip: 'flux2' },
  'longcat-image': { ...FLUX, create: createLongCat, clip: 'longcat-image' },
  chroma: { ...FLUX, create: createChroma, clip: 'chroma' },
  lumina2: { ...NEXTDIT, clip: 'lumina2' },
  'z-image': { ...NEXTDIT, clip: 'z-image' },
  // diffusers' names are the original ones
  'qwen-image': { create: createQwenImage, fromDiffusers: asNamed, clip: 'qwen-image' },
  'qwen-image-21': { create: createQwenImage21, fromDiffusers: asNamed, clip: 'qwen-image-21' },
  auraflow: {
    create: (runtime, weights) => createDit(runtime, weights, auraFlow),
    fromDiffusers: auraFlowFromDiffusers,
    clip: 'auraflow',
  },
  krea2: { create: createKrea2, fromDiffusers: asNamed, clip: 'krea2' },
  anima: { create: createAnima, fromDiffusers: asNamed, clip: 'anima' },
  hidream: {
    create: (runtime, weights) => createDit(runtime, weights, hiDream),
    fromDiffusers: asNamed,
    clip: 'hidream',
  },
};
