// Nodes that save models, text encoders and autoencoders, with merges and LoRAs applied.
// Source: ComfyUI comfy_extras/nodes_model_merging.py.
import { DarkroomError } from '../../../../errors.ts';
import { CLIP_LOCATIONS, UNET_PREFIX } from '../../../../formats/identify/identify.ts';
import { VAE_PREFIX } from '../../../../formats/identify/identify-vae.ts';
import {
  encodeLazySafetensors,
  type LazyTensor,
} from '../../../../formats/safetensors/safetensors-write.ts';
import type { Clip, ClipFamily } from '../../../../models/clip/clip.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import {
  encoderFileTensors,
  encoderTensors,
  unetTensors,
  vaeTensors,
} from '../../../../models/weights/save.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import type { NodeContext, SavedFile } from '../../../context.ts';
import { defineNode, outputs, socket, string } from '../../../declare.ts';
import { METADATA_INPUTS } from '../../../shared/save-images.ts';
import { missingPart, requireBase } from './missing-part.ts';

const common = {
  category: 'advanced/model_merging',
  hidden: METADATA_INPUTS,
  outputs: [],
  outputNode: true,
  saves: 'output',
} as const;

const filenamePrefix = (value: string) => string({ default: value });

/** Names of the model families in Stability AI's files (modelspec). */
const ARCHITECTURES: Readonly<Partial<Record<Model['family'], string>>> = {
  sdxl: 'stable-diffusion-xl-v1-base',
  'sdxl-refiner': 'stable-diffusion-xl-v1-refiner',
};

function modelspec({ family, sampling, denoiser }: Model, title: string): Record<string, string> {
  const architecture =
    family === 'sdxl' && denoiser.inChannels === 8
      ? 'stable-diffusion-xl-v1-edit'
      : ARCHITECTURES[family];
  const spec = architecture && {
    'modelspec.architecture': architecture,
    'modelspec.sai_model_spec': '1.0.0',
    'modelspec.implementation': 'sgm',
    'modelspec.title': title,
  };
  return { ...spec, 'modelspec.predict_key': sampling.prediction === 'v' ? 'v' : 'epsilon' };
}

/** Tensors that mark what the model predicts. */
function markerTensors({ sampling }: Model): LazyTensor[] {
  const marker = (name: string, ...values: number[]): LazyTensor => ({
    name,
    dtype: 'F32',
    shape: values.length === 1 ? [] : [values.length],
    bytes: async () => new Uint8Array(Float32Array.from(values).buffer),
  });
  if (sampling.prediction !== 'v') return [];
  if (sampling.timeMapping === 'edm')
    return [
      marker('edm_vpred.sigma_max', sampling.sigmaMax),
      marker('edm_vpred.sigma_min', sampling.sigmaMin),
    ];
  return [marker('v_pred'), ...(sampling.zsnr ? [marker('ztsnr')] : [])];
}

function modelTensors({ denoiser }: Model, threads: number): LazyTensor[] {
  if (!denoiser.base) throw missingPart('model', 'model');
  return unetTensors(denoiser.base, UNET_PREFIX, threads);
}

function clipTensors({ family, encoders }: Clip, threads: number): LazyTensor[] {
  if (encoders.length === 0) throw missingPart('text encoder', 'clip');
  if (!isStableDiffusion(family)) throw unsavedEncoders(family);
  const locations = CLIP_LOCATIONS[family];
  return encoders.flatMap((encoder) => {
    const location = locations.find(({ kind }) => kind === encoder.kind);
    return location ? encoderTensors(requireBase(encoder, 'clip'), location, threads) : [];
  });
}

const isStableDiffusion = (family: ClipFamily): family is keyof typeof CLIP_LOCATIONS =>
  Object.hasOwn(CLIP_LOCATIONS, family);

const unsavedEncoders = (family: ClipFamily): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `text encoders of the ${family} family cannot be saved in a checkpoint`,
    hint: 'Save the model with ModelSave; the text encoders stay in their own files.',
    input: 'clip',
  });

function autoencoderTensors(vae: Autoencoder, prefix: string): LazyTensor[] {
  if (!vae.weights) throw missingPart('VAE', 'vae');
  return vaeTensors(vae, prefix);
}

/** Saves tensors as one safetensors file and reports the progress. */
async function saveTensors(
  context: NodeContext,
  name: string,
  tensors: readonly LazyTensor[],
  metadata: Record<string, string>,
): Promise<SavedFile> {
  let finished = 0;
  const withProgress = tensors.map((tensor): LazyTensor => {
    const bytes = (): Promise<Uint8Array> => {
      finished += 1;
      context.progress(finished, tensors.length);
      return tensor.bytes();
    };
    return { ...tensor, bytes };
  });
  return context.saveLarge({
    type: 'output',
    prefix: name,
    extension: 'safetensors',
    size: { width: 0, height: 0 },
    parts: encodeLazySafetensors(withProgress, { ...metadata, ...context.metadata() }),
  });
}

const savedModels = (...files: SavedFile[]) => ({ ...outputs(), ui: { models: files } });

const CheckpointSave = defineNode({
  ...common,
  type: 'CheckpointSave',
  display: 'Save Checkpoint',
  description:
    'Saves model, text encoders and autoencoder as one checkpoint, with merges and LoRAs applied.',
  inputs: {
    model: socket('MODEL'),
    clip: socket('CLIP'),
    vae: socket('VAE'),
    filename_prefix: filenamePrefix('checkpoints/ComfyUI'),
  },
  async run({ model, clip, vae, filename_prefix }, context) {
    const { threads } = context.runtime;
    const tensors = [
      ...modelTensors(model, threads),
      ...clipTensors(clip, threads),
      ...autoencoderTensors(vae, VAE_PREFIX),
      ...markerTensors(model),
    ];
    return savedModels(
      await saveTensors(context, filename_prefix, tensors, modelspec(model, filename_prefix)),
    );
  },
});

const ModelSave = defineNode({
  ...common,
  type: 'ModelSave',
  display: 'ModelSave',
  inputs: { model: socket('MODEL'), filename_prefix: filenamePrefix('diffusion_models/ComfyUI') },
  async run({ model, filename_prefix }, context) {
    const tensors = [...modelTensors(model, context.runtime.threads), ...markerTensors(model)];
    return savedModels(
      await saveTensors(context, filename_prefix, tensors, modelspec(model, filename_prefix)),
    );
  },
});

const CLIPSave = defineNode({
  ...common,
  type: 'CLIPSave',
  display: 'CLIPSave',
  description: 'Saves each text encoder in its own file.',
  inputs: { clip: socket('CLIP'), filename_prefix: filenamePrefix('clip/ComfyUI') },
  async run({ clip, filename_prefix }, context) {
    if (clip.encoders.length === 0) throw missingPart('text encoder', 'clip');
    const files: SavedFile[] = [];
    for (const encoder of clip.encoders) {
      const tensors = encoderFileTensors(requireBase(encoder, 'clip'), context.runtime.threads);
      files.push(
        await saveTensors(context, `${filename_prefix}_${encoder.kind}`, tensors, { format: 'pt' }),
      );
    }
    return savedModels(...files);
  },
});

const VAESave = defineNode({
  ...common,
  type: 'VAESave',
  display: 'VAESave',
  inputs: { vae: socket('VAE'), filename_prefix: filenamePrefix('vae/ComfyUI_vae') },
  run: async ({ vae, filename_prefix }, context) =>
    savedModels(await saveTensors(context, filename_prefix, autoencoderTensors(vae, ''), {})),
});

export const SAVE_MODEL_NODES = [CheckpointSave, ModelSave, CLIPSave, VAESave];
