// A checkpoint file as its parts: UNet, text encoders, autoencoder. Only the header is read here; networks open when first used.
import { DarkroomError } from '../errors.ts';
import { type ClipPart, type Family, identify, type ModelFile, type PredictionHint, settlePrediction } from '../formats/identify.ts';
import { openModelFile } from '../formats/model-file.ts';
import type { TensorFile } from '../formats/tensor-file.ts';
import { type ClipLayout, HUGGING_FACE, OPEN_CLIP } from '../models/clip/layout.ts';
import { weightsOf } from '../models/weights.ts';
import { findAutoencoder } from './autoencoder.ts';
import type { Runtime } from './runtime.ts';
import { createTextEncoder } from './text-encoder.ts';
import type { Autoencoder, TextEncoder, UNet } from './types.ts';
import { createUNet } from './unet.ts';

export interface Checkpoint {
  readonly file: string;
  readonly family: Family;
  readonly unet: UNet;
  /** SDXL: CLIP-L, then CLIP-G; the refiner: CLIP-G; SD1: CLIP-L; SD2: CLIP-H. Those that the file has. */
  readonly encoders: readonly TextEncoder[];
  /** Absent when the file has none. */
  readonly vae?: Autoencoder;
  readonly prediction: 'eps' | 'v';
  /** The noise schedule is rescaled to end without signal. */
  readonly zsnr: boolean;
}

const LAYOUTS: Readonly<Record<ClipPart['layout'], ClipLayout>> = { 'hugging-face': HUGGING_FACE, 'open-clip': OPEN_CLIP };

/** Reads what a checkpoint holds. Throws DR_MODEL_UNSUPPORTED when it is none that is known, and what openModelFile throws. */
export async function loadCheckpoint(file: string, runtime: Runtime): Promise<Checkpoint> {
  const opened = await openModelFile(file);
  try {
    return await partsOf(opened, runtime);
  } finally {
    await opened.close();
  }
}

async function partsOf(opened: TensorFile, runtime: Runtime): Promise<Checkpoint> {
  const { file, tensors } = opened;
  const found = identify(tensors);
  if (found.kind !== 'checkpoint') throw unsupported(file, `${file} is no checkpoint but ${nameOf(found)}`);
  const { family, unet, clips } = found;
  return {
    file,
    family,
    unet: createUNet(runtime, weightsOf(file, tensors, unet.prefix)),
    encoders: clips.map(({ kind, layout, prefix }) =>
      // ComfyUI keeps text encoders in float16, whatever the file holds, and computes in float32
      createTextEncoder(runtime, kind, weightsOf(file, tensors, prefix, { halves: runtime.textEncoders === 'fp16' }), LAYOUTS[layout]),
    ),
    vae: found.vae && (await findAutoencoder(runtime, opened, found.vae.prefix)),
    ...(await predictionOf(opened, unet.prediction)),
  };
}

async function predictionOf({ file, read }: TensorFile, hint: PredictionHint): Promise<Pick<Checkpoint, 'prediction' | 'zsnr'>> {
  const settled = await settlePrediction(hint, read);
  if (settled.kind === 'eps') return { prediction: 'eps', zsnr: false };
  if (settled.kind === 'v') return { prediction: 'v', zsnr: settled.zsnr };
  throw unsupported(file, `${file} is an EDM model`);
}

/** What a file is instead of a checkpoint, in words. */
const nameOf = (found: ModelFile): string => (found.kind === 'unknown' ? `unknown: ${found.reason}` : `a file of the kind '${found.kind}'`);

const unsupported = (file: string, message: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message,
    hint: 'Checkpoints of SD1.x, SD2.x, SDXL and its refiner in the original layout are supported.',
    file,
  });
