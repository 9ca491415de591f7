// Loaders of SeargeSDXL, which are ComfyUI's with the file's name from a wire, and its way of saving. Source: SeargeSDXL modules/_legacy.py.

import {
  defineNode,
  float,
  type Inputs,
  inputNamed,
  type NodeDeclaration,
  socket,
  string,
} from '../../declare.ts';
import { savePictures } from '../core/image/load-save.ts';
import { UPSCALE_MODEL_NODES } from '../core/image/upscale-model.ts';
import { LOADER_NODES } from '../core/models/loaders.ts';
import { LORA_NODES } from '../core/models/lora.ts';
import { nameSocket } from './choices.ts';

const CORE: readonly NodeDeclaration[] = [...LOADER_NODES, ...LORA_NODES, ...UPSCALE_MODEL_NODES];

interface WiredLoader {
  readonly type: string;
  readonly display: string;
  /** The core node that loads. */
  readonly core: string;
  /** Its input for the name of the file, and ours. */
  readonly name: readonly [core: string, ours: string];
  readonly inputs: Inputs;
}

/** A core loader behind another input for the name. */
function wired({
  type,
  display,
  core,
  name: [theirs, ours],
  inputs,
}: WiredLoader): NodeDeclaration {
  const loader = CORE.find((node) => node.type === core)!;
  const renamed = (given: object) => ({ ...given, [theirs]: inputNamed(given, ours) }) as never;
  return defineNode({
    type,
    display,
    category: 'Searge/_deprecated_/Files',
    inputs,
    outputs: loader.outputs,
    // a name from a wire is not known yet
    fingerprint: (given, context) =>
      inputNamed(given, ours) === undefined ? '' : loader.fingerprint!(renamed(given), context),
    run: (given, context) => loader.run(renamed(given), context),
  });
}

const SeargeCheckpointLoader = wired({
  type: 'SeargeCheckpointLoader',
  display: 'Checkpoint Loader (Searge)',
  core: 'CheckpointLoaderSimple',
  name: ['ckpt_name', 'ckpt_name'],
  inputs: { ckpt_name: nameSocket('CHECKPOINT_NAME') },
});

const SeargeVAELoader = wired({
  type: 'SeargeVAELoader',
  display: 'VAE Loader (Searge)',
  core: 'VAELoader',
  name: ['vae_name', 'vae_name'],
  inputs: { vae_name: nameSocket('VAE_NAME') },
});

const SeargeUpscaleModelLoader = wired({
  type: 'SeargeUpscaleModelLoader',
  display: 'Upscale Model Loader (Searge)',
  core: 'UpscaleModelLoader',
  name: ['model_name', 'upscaler_name'],
  inputs: { upscaler_name: nameSocket('UPSCALER_NAME') },
});

const strength = () => float({ default: 1, min: -10, max: 10, step: 0.01 });

const SeargeLoraLoader = wired({
  type: 'SeargeLoraLoader',
  display: 'Lora Loader (Searge)',
  core: 'LoraLoader',
  name: ['lora_name', 'lora_name'],
  inputs: {
    model: socket('MODEL'),
    clip: socket('CLIP'),
    lora_name: nameSocket('LORA_NAME'),
    strength_model: strength(),
    strength_clip: strength(),
  },
});

// ComfyUI's own placeholders; saving fills them in
const DATE = '%year%-%month%-%day%';

const SeargeImageSave = defineNode({
  type: 'SeargeImageSave',
  display: 'Save Image (Searge)',
  category: 'Searge/_deprecated_/Files',
  description:
    'Saves pictures in the output folder under a prefix, or in the input folder as output-<date>. When disabled, nothing is drawn for it.',
  inputs: {
    images: socket('IMAGE', { lazy: true }),
    filename_prefix: string({ default: 'SeargeSDXL-%date%/Image' }),
    state: nameSocket('ENABLE_STATE', 'enabled'),
    save_to: nameSocket('SAVE_FOLDER', 'output folder'),
  },
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputs: [],
  outputNode: true,
  saves: 'output',
  needs: ({ state }) => (state === 'disabled' ? [] : ['images']),
  async run({ images, filename_prefix, state, save_to }, context) {
    if (state === 'disabled') return { outputs: [] };
    const [type, prefix] =
      save_to === 'input folder'
        ? (['input', 'output-%date%'] as const)
        : (['output', filename_prefix] as const);
    return savePictures(images!, context, {
      type,
      prefix: prefix.replaceAll('%date%', DATE),
      level: 4,
    });
  },
});

export const SEARGE_FILE_NODES = [
  SeargeCheckpointLoader,
  SeargeVAELoader,
  SeargeUpscaleModelLoader,
  SeargeLoraLoader,
  SeargeImageSave,
];
