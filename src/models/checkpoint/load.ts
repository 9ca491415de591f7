// Loads checkpoints and UNets. Only the file's header is read here; networks open when they are
// first used.

import type { BlockArithmetic } from '../../formats/gguf/block-types.ts';
import { withArithmetic } from '../../formats/gguf/gguf-file.ts';
import {
  type DenoiserPart,
  FAMILY_NAMES,
  type Family,
} from '../../formats/identify/identified-model.ts';
import { identify, UNET_PREFIX } from '../../formats/identify/identify.ts';
import { type Prediction, resolvePrediction } from '../../formats/identify/prediction.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts';
import type { ClipFamily } from '../clip/clip.ts';
import { encoderOf } from '../clip/load.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import type { Denoiser } from '../denoiser.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import type { Autoencoder } from '../vae/autoencoder.ts';
import { loadAutoencoder } from '../vae/load.ts';
import { type Rounding, weightsOf } from '../weights/tensors.ts';
import { DENOISERS } from './denoisers.ts';
import { rejectScaledFp8, wrongFile } from './wrong-file.ts';

/** A denoiser with the kind of its prediction. */
export interface DiffusionModel {
  readonly file: string;
  readonly family: Family;
  /** The title in its metadata (`modelspec.title`). */
  readonly title?: string;
  readonly denoiser: Denoiser;
  readonly prediction: Prediction;
}

export interface Checkpoint extends DiffusionModel {
  /** CLIP-L, then CLIP-G, then others; SD2: CLIP-H. */
  readonly encoders: readonly TextEncoder[];
  /** How the model uses text encoders. */
  readonly clipFamily: ClipFamily;
  /** Absent if the file contains no VAE. */
  readonly vae?: Autoencoder;
}

const HINT = `Models of ${Object.values(FAMILY_NAMES).join(', ')} are supported.`;

/**
 * Loads the parts of a checkpoint, or a diffusion model alone. Throws DR_MODEL_UNSUPPORTED for
 * other files, and what openModelFile throws.
 */
export const loadCheckpoint = (file: string, runtime: ModelRuntime): Promise<Checkpoint> =>
  withModelFile(file, async (opened) => {
    const found = identify(opened.tensors);
    if (found.kind !== 'checkpoint' && found.kind !== 'diffusion-model')
      throw wrongFile(file, 'a checkpoint', found, HINT);
    const { clips, vae } = found.kind === 'checkpoint' ? found : { clips: [], vae: undefined };
    return {
      ...(await diffusionModel(runtime, opened, opened.tensors, found)),
      clipFamily: DENOISERS[found.family].clip,
      encoders: clips.map((part) => encoderOf(runtime, opened, part)),
      vae: vae && (await loadAutoencoder(runtime, opened, vae)),
    };
  });

export interface DiffusionModelOptions {
  /** The type that its weights are rounded to. */
  readonly rounding?: Rounding;
  /** What quantised blocks of GGUF are computed in; float16 by default. */
  readonly arithmetic?: BlockArithmetic;
}

/**
 * Loads the diffusion model of a file in either layout, or of a checkpoint, whose other tensors are
 * ignored, as in ComfyUI. Throws as loadCheckpoint does.
 */
export const loadDiffusionModel = (
  file: string,
  runtime: ModelRuntime,
  { rounding, arithmetic }: DiffusionModelOptions = {},
): Promise<DiffusionModel> =>
  withModelFile(file, async (whole) => {
    const opened = arithmetic
      ? whole.withTensors(withArithmetic(whole.tensors, arithmetic))
      : whole;
    const unetTensors = [...opened.tensors].filter(([name]) => name.startsWith(UNET_PREFIX));
    const tensors = unetTensors.length > 0 ? new Map(unetTensors) : opened.tensors;
    const found = identify(tensors);
    if (found.kind !== 'diffusion-model' && found.kind !== 'checkpoint')
      throw wrongFile(file, 'a diffusion model', found, HINT);
    return diffusionModel(runtime, opened, tensors, found, rounding);
  });

const sameNames = (tensors: ReadonlyMap<string, TensorInfo>) => tensors;

async function diffusionModel(
  runtime: ModelRuntime,
  { file, metadata, read }: TensorFile,
  tensors: ReadonlyMap<string, TensorInfo>,
  found: { readonly family: Family; readonly denoiser: DenoiserPart },
  rounding?: Rounding,
): Promise<DiffusionModel> {
  rejectScaledFp8(file, tensors);
  const { family, denoiser } = found;
  const { create, fromDiffusers, fromOriginal = sameNames } = DENOISERS[family];
  const named = (denoiser.layout === 'diffusers' ? fromDiffusers : fromOriginal)(tensors);
  return {
    file,
    family,
    title: metadata['modelspec.title'],
    denoiser: create(runtime, weightsOf(file, named, denoiser.prefix, { rounding })),
    prediction: await resolvePrediction(denoiser.prediction, read),
  };
}
