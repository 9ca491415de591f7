// Loader nodes. A file is read once per runtime, for as long as it stays the same on disk. Source: ComfyUI nodes.py.
import { stat } from 'node:fs/promises';
import { DarkroomError } from '../../../../errors.ts';
import {
  type Checkpoint,
  type DiffusionModel,
  loadCheckpoint,
} from '../../../../models/checkpoint/load.ts';
import { type Clip, embeddingReader, makeClip } from '../../../../models/clip/clip.ts';
import type { Autoencoder } from '../../../../models/types.ts';
import { loadTaesd, loadVae, type TaesdName } from '../../../../models/vae/load.ts';
import type { Runtime } from '../../../../runtime/runtime.ts';
import { makeModel } from '../../../../sampling/model/model.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import type { NodeContext, NodeEnvironment } from '../../../context.ts';
import {
  combo,
  defineNode,
  modelFile,
  type NodeResult,
  output,
  outputs,
} from '../../../declare.ts';

const loaded = new WeakMap<Runtime, Map<string, Promise<unknown>>>();

/** Path, time and size of files: another value when one was replaced. */
export async function stateOf(...files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => stat(file)));
  return files.map((file, i) => `${file} ${stats[i].mtimeMs} ${stats[i].size}`).join('\n');
}

/** What `load` gave for these files, unless one of them changed since. A failed load is forgotten. `as`: what else the result depends on. */
export async function once<T>(
  runtime: Runtime,
  files: readonly string[],
  load: () => Promise<T>,
  as = '',
): Promise<T> {
  const key = `${as} ${await stateOf(...files)}`;
  const cache = loaded.get(runtime) ?? new Map<string, Promise<unknown>>();
  loaded.set(runtime, cache);
  let entry = cache.get(key) as Promise<T> | undefined;
  if (!entry) {
    entry = load();
    cache.set(key, entry);
    entry.catch(() => cache.delete(key));
  }
  return entry;
}

/** Stands for a part that the file lacks: whoever uses it is told which loader to add. */
function missing(file: string, what: string, hint: string): () => never {
  return () => {
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `${file} holds no ${what}`,
      hint,
      file,
    });
  };
}

function vaeOf({ vae }: Checkpoint, name: string): Autoencoder {
  if (vae) return vae;
  const fail = missing(name, 'VAE', 'Add a VAELoader (Load VAE) node and connect its VAE instead.');
  return { kind: 'kl', latentChannels: 4, factor: 8, encode: fail, decode: fail };
}

export const modelOf = ({ family, unet, prediction }: DiffusionModel): Model =>
  makeModel(family, unet, prediction);

/** The CLIP of a family's encoders; where some lack, one that says so when it is used. `name`: the file's. */
export function clipOf(
  { family, encoders }: Pick<Checkpoint, 'family' | 'encoders'>,
  name: string,
  context: NodeContext,
): Clip {
  const names = new Set(context.modelFiles('embeddings'));
  const embeddings = embeddingReader((file) =>
    names.has(file) ? context.modelPath('embeddings', file) : undefined,
  );
  try {
    return makeClip({ family, encoders, embeddings, warn: context.warn });
  } catch {
    const what = encoders.length === 0 ? 'text encoder' : 'complete set of text encoders';
    const loader =
      family === 'sdxl' ? 'DualCLIPLoader (type sdxl)' : 'CLIPLoader (type stable_diffusion)';
    const fail = missing(name, what, `Add a ${loader} node and connect its CLIP instead.`);
    const clip: Clip = {
      family,
      encoders: [],
      encode: fail,
      encodePair: fail,
      withLastLayer: fail,
      withEncoders: () => clip,
    };
    return clip;
  }
}

/** MODEL, CLIP and VAE of a checkpoint. */
export async function checkpointParts(
  name: string,
  context: NodeContext,
): Promise<{ model: Model; clip: Clip; vae: Autoencoder }> {
  const file = context.modelPath('checkpoints', name);
  const checkpoint = await once(
    context.runtime,
    [file],
    () => loadCheckpoint(file, context.runtime),
    'checkpoint',
  );
  return {
    model: modelOf(checkpoint),
    clip: clipOf(checkpoint, name, context),
    vae: vaeOf(checkpoint, name),
  };
}

const CheckpointLoaderSimple = defineNode({
  type: 'CheckpointLoaderSimple',
  display: 'Load Checkpoint',
  category: 'loaders',
  description: 'Loads a checkpoint: the model, its text encoders and its autoencoder.',
  inputs: { ckpt_name: modelFile('checkpoints', { tooltip: 'The file.' }) },
  outputs: [output('MODEL'), output('CLIP'), output('VAE')],
  fingerprint: ({ ckpt_name }, context) => stateOf(context.modelPath('checkpoints', ckpt_name)),
  async run({ ckpt_name }, context): Promise<NodeResult> {
    const { model, clip, vae } = await checkpointParts(ckpt_name, context);
    return outputs(model, clip, vae);
  },
});

/** The tiny autoencoders: two files of models/vae_approx each, under one name. */
const TAESD: readonly TaesdName[] = ['taesd', 'taesdxl'];

const taesdFiles = (environment: NodeEnvironment, name: string): string[] =>
  ['encoder', 'decoder'].flatMap(
    (half) =>
      environment.modelFiles('vae_approx').find((file) => file.startsWith(`${name}_${half}.`)) ??
      [],
  );

export const vaeNames = (environment: NodeEnvironment): readonly string[] => [
  ...environment.modelFiles('vae'),
  ...TAESD.filter((name) => taesdFiles(environment, name).length === 2),
];

/** The file of a VAE, or encoder and decoder of a tiny one. */
const vaeFiles = (context: NodeContext, name: string): string[] =>
  TAESD.some((tiny) => tiny === name)
    ? taesdFiles(context, name).map((file) => context.modelPath('vae_approx', file))
    : [context.modelPath('vae', name)];

/** The VAE of a name: a file of the folder `vae`, or a tiny one (`taesd`, `taesdxl`). Throws DR_MODEL_MISSING. */
export async function loadNamedVae(name: string, context: NodeContext): Promise<Autoencoder> {
  const { runtime } = context;
  const files = vaeFiles(context, name);
  const tiny = TAESD.find((one) => one === name);
  if (tiny && files.length < 2)
    throw new DarkroomError('DR_MODEL_MISSING', {
      message: `the tiny autoencoder '${name}' is not among the vae_approx`,
      hint: `Put ${name}_encoder and ${name}_decoder into the folder 'vae_approx' of a models folder.`,
      file: `${name}_decoder.safetensors`,
    });
  return once(
    runtime,
    files,
    () => (tiny ? loadTaesd(files[0], files[1], tiny, runtime) : loadVae(files[0], runtime)),
    'vae',
  );
}

const VAELoader = defineNode({
  type: 'VAELoader',
  display: 'Load VAE',
  category: 'loaders',
  inputs: { vae_name: { ...combo([]), options: vaeNames, folder: 'vae' } },
  outputs: [output('VAE')],
  fingerprint: ({ vae_name }, context) => stateOf(...vaeFiles(context, vae_name)),
  run: async ({ vae_name }, context) => outputs(await loadNamedVae(vae_name, context)),
});

export const LOADER_NODES = [CheckpointLoaderSimple, VAELoader];
