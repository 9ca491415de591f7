// Nodes that save models, text encoders and autoencoders, with merges and LoRAs applied.
// Source: ComfyUI comfy_extras/nodes_model_merging.py.
import { DarkroomError } from '../../../../errors.ts';
import { CLIP_LOCATIONS, UNET_PREFIX } from '../../../../formats/identify/identify.ts';
import { FLOW_VAE_PREFIX, VAE_PREFIX } from '../../../../formats/identify/identify-vae.ts';
import { ALL_IN_ONE } from '../../../../formats/identify/sequence-encoders.ts';
import {
  encodeLazySafetensors,
  type LazyTensor,
} from '../../../../formats/safetensors/safetensors-write.ts';
import type { Clip, ClipFamily } from '../../../../models/clip/clip.ts';
import type { EncoderKind, TextEncoder } from '../../../../models/clip/text-encoder.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import {
  encoderFileTensors,
  encoderTensors,
  unetTensors,
  vaeTensors,
  vocabularyTensors,
  wholeEncoderTensors,
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

/** Where checkpoints have their text encoders and their autoencoder. */
interface Prefixes {
  readonly encoders: string;
  readonly vae: string;
}

const CLASSIC: Prefixes = { encoders: 'cond_stage_model.', vae: VAE_PREFIX };
const FLOW: Prefixes = { encoders: ALL_IN_ONE, vae: FLOW_VAE_PREFIX };

/** Of the families whose encoders are named as in memory. */
const PREFIXES: Readonly<Partial<Record<Model['family'], Prefixes>>> = {
  flux: FLOW,
  'flux-schnell': FLOW,
  lumina2: FLOW,
  'z-image': FLOW,
  'qwen-image': FLOW,
  'qwen-image-21': FLOW,
  krea2: FLOW,
  flux2: FLOW,
  auraflow: FLOW,
  'longcat-image': FLOW,
  sd3: { encoders: ALL_IN_ONE, vae: VAE_PREFIX },
  chroma: CLASSIC,
  anima: CLASSIC,
};

async function clipTensors(
  { family, encoders }: Clip,
  threads: number,
  prefix: string | undefined,
): Promise<LazyTensor[]> {
  if (encoders.length === 0) throw missingPart('text encoder', 'clip');
  if (prefix !== undefined) return wholeTensors(encoders, threads, prefix);
  if (!isStableDiffusion(family)) throw unsavedEncoders(family);
  const locations = CLIP_LOCATIONS[family];
  return encoders.flatMap((encoder) => {
    const location = locations.find(({ kind }) => kind === encoder.kind);
    return location ? encoderTensors(requireBase(encoder, 'clip'), location, threads) : [];
  });
}

async function wholeTensors(
  encoders: readonly TextEncoder[],
  threads: number,
  prefix: string,
): Promise<LazyTensor[]> {
  const saved = encoders.map((encoder) => requireBase(encoder, 'clip'));
  const ofEach = saved.flatMap((encoder) =>
    wholeEncoderTensors(encoder, `${prefix}${encoder.kind}.`, threads),
  );
  return [...ofEach, ...(await vocabularyTensors(saved, prefix))];
}

const isStableDiffusion = (family: ClipFamily): family is keyof typeof CLIP_LOCATIONS =>
  Object.hasOwn(CLIP_LOCATIONS, family);

const unsavedEncoders = (family: ClipFamily): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `text encoders of the ${family} family cannot be saved in this checkpoint`,
    hint: 'Connect the text encoders of the model, or save it with ModelSave.',
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
    const prefixes = PREFIXES[model.family];
    const tensors = [
      ...modelTensors(model, threads),
      ...(await clipTensors(clip, threads, prefixes?.encoders)),
      ...autoencoderTensors(vae, prefixes?.vae ?? VAE_PREFIX),
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

/** The encoders that the original saves in files of their own. */
const OWN_FILES: ReadonlySet<EncoderKind> = new Set<EncoderKind>([
  'clip_l',
  'clip_g',
  'clip_h',
  't5xxl',
  'gemma2_2b',
]);

const CLIPSave = defineNode({
  ...common,
  type: 'CLIPSave',
  display: 'CLIPSave',
  description:
    'Saves CLIP, T5 and Gemma 2 in files of their own; others in one file, named as in memory.',
  inputs: { clip: socket('CLIP'), filename_prefix: filenamePrefix('clip/ComfyUI') },
  async run({ clip, filename_prefix }, context) {
    if (clip.encoders.length === 0) throw missingPart('text encoder', 'clip');
    const encoders = clip.encoders.map((encoder) => requireBase(encoder, 'clip'));
    const { threads } = context.runtime;
    const save = (name: string, tensors: readonly LazyTensor[]): Promise<SavedFile> =>
      saveTensors(context, name, tensors, { format: 'pt' });
    const files: SavedFile[] = [];
    const others: LazyTensor[] = [];
    for (const encoder of encoders) {
      const { kind } = encoder;
      if (OWN_FILES.has(kind))
        files.push(await save(`${filename_prefix}_${kind}`, encoderFileTensors(encoder, threads)));
      else others.push(...wholeEncoderTensors(encoder, `${kind}.`, threads));
    }
    others.push(...(await vocabularyTensors(encoders, '')));
    if (others.length > 0) files.push(await save(filename_prefix, others));
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
