// MODEL, CLIP and VAE of a checkpoint file. Source: ComfyUI nodes.py.
import { DarkroomError } from '../../errors.ts';
import {
  type Checkpoint,
  type DiffusionModel,
  loadCheckpoint,
} from '../../models/checkpoint/load.ts';
import { type Clip, type ClipOptions, embeddingReader, makeClip } from '../../models/clip/clip.ts';
import { CLIP_FAMILIES } from '../../models/clip/families.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { makeModel } from '../../sampling/model/model.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import type { NodeContext } from '../context.ts';
import { loadOnce } from './file-cache.ts';

/** A function that throws DR_MODEL_PART_MISSING, for a part that the file does not contain. */
function throwMissingPart(file: string, part: string, hint: string): () => never {
  return () => {
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `${file} contains no ${part}`,
      hint,
      file,
    });
  };
}

function vaeOf({ vae, denoiser }: Checkpoint, name: string): Autoencoder {
  if (vae) return vae;
  const fail = throwMissingPart(
    name,
    'VAE',
    'Add a VAELoader (Load VAE) node and connect its VAE instead.',
  );
  // takes the model's latents, so that its use ends with this error and no other
  const latentChannels = denoiser.outChannels;
  return { kind: 'kl', latentChannels, factor: 8, encode: fail, decode: fail };
}

/** The MODEL of a loaded diffusion model. */
export const modelOf = ({ family, title, denoiser, prediction }: DiffusionModel): Model => ({
  ...makeModel(family, denoiser, prediction),
  title,
});

/**
 * The CLIP of a family's text encoders. Where encoders are missing, its methods throw
 * DR_MODEL_PART_MISSING. `name` is the file's name in that error.
 */
export function clipOf(
  { family, encoders }: Pick<ClipOptions, 'family' | 'encoders'>,
  name: string,
  context: NodeContext,
): Clip {
  const embeddings = embeddingReader(context.modelFiles('embeddings'), (file) =>
    context.modelPath('embeddings', file),
  );
  try {
    const endsAtBrackets = context.behaviour.embeddingsEndAtBrackets;
    return makeClip({ family, encoders, embeddings, endsAtBrackets, warn: context.warn });
  } catch {
    const part = encoders.length === 0 ? 'text encoder' : 'complete set of text encoders';
    const { loader } = CLIP_FAMILIES[family];
    const fail = throwMissingPart(name, part, `Add a ${loader} node and connect its CLIP instead.`);
    const clip: Clip = {
      family,
      encoders: [],
      encode: fail,
      encodeChanged: fail,
      encodePair: fail,
      encodeTexts: fail,
      encodeWithImages: fail,
      withLastLayer: fail,
      withPadding: fail,
      withEncoders: () => clip,
    };
    return clip;
  }
}

/** MODEL, CLIP and VAE of a file of the folder `checkpoints`. Throws DR_MODEL_MISSING. */
export async function loadNamedCheckpoint(
  name: string,
  context: NodeContext,
): Promise<{ model: Model; clip: Clip; vae: Autoencoder }> {
  const file = context.modelPath('checkpoints', name);
  const checkpoint = await loadOnce(
    context.runtime,
    [file],
    () => loadCheckpoint(file, context.runtime),
    'checkpoint',
  );
  return {
    model: modelOf(checkpoint),
    clip: clipOf({ family: checkpoint.clipFamily, encoders: checkpoint.encoders }, name, context),
    vae: vaeOf(checkpoint, name),
  };
}
