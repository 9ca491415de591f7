// Loaders of SeargeSDXL, which receive the name of the file through a socket, and its image saver.
// Source: SeargeSDXL modules/_legacy.py.
import { fileState } from '../../../formats/file-state.ts';
import { defineNode, float, output, outputs, socket, string } from '../../declare.ts';
import { loadNamedCheckpoint } from '../../shared/named-checkpoint.ts';
import { namedLoraState, withNamedLora } from '../../shared/named-lora.ts';
import { loadNamedUpscaler, namedUpscalerState } from '../../shared/named-upscaler.ts';
import { loadNamedVae, vaePaths } from '../../shared/named-vae.ts';
import { METADATA_INPUTS, saveImages } from '../../shared/save-images.ts';
import { nameSocket } from './parameter-choices.ts';

const category = 'Searge/_deprecated_/Files';

/** The state of a named file. A linked name has no value before the job runs. */
const stateOfName = (
  name: string | undefined,
  stateOf: (name: string) => Promise<string>,
): Promise<string> | string => (name === undefined ? '' : stateOf(name));

const SeargeCheckpointLoader = defineNode({
  type: 'SeargeCheckpointLoader',
  display: 'Checkpoint Loader (Searge)',
  category,
  inputs: { ckpt_name: nameSocket('CHECKPOINT_NAME') },
  outputs: [output('MODEL'), output('CLIP'), output('VAE')],
  fingerprint: ({ ckpt_name }, context) =>
    stateOfName(ckpt_name, (name) => fileState(context.modelPath('checkpoints', name))),
  async run({ ckpt_name }, context) {
    const { model, clip, vae } = await loadNamedCheckpoint(ckpt_name, context);
    return outputs(model, clip, vae);
  },
});

const SeargeVAELoader = defineNode({
  type: 'SeargeVAELoader',
  display: 'VAE Loader (Searge)',
  category,
  inputs: { vae_name: nameSocket('VAE_NAME') },
  outputs: [output('VAE')],
  fingerprint: ({ vae_name }, context) =>
    stateOfName(vae_name, (name) => fileState(...vaePaths(name, context))),
  run: async ({ vae_name }, context) => outputs(await loadNamedVae(vae_name, context)),
});

const SeargeUpscaleModelLoader = defineNode({
  type: 'SeargeUpscaleModelLoader',
  display: 'Upscale Model Loader (Searge)',
  category,
  inputs: { upscaler_name: nameSocket('UPSCALER_NAME') },
  outputs: [output('UPSCALE_MODEL')],
  fingerprint: ({ upscaler_name }, context) =>
    stateOfName(upscaler_name, (name) => namedUpscalerState(name, context)),
  run: async ({ upscaler_name }, context) =>
    outputs(await loadNamedUpscaler(upscaler_name, context)),
});

const strength = () => float({ default: 1, min: -10, max: 10, step: 0.01 });

const SeargeLoraLoader = defineNode({
  type: 'SeargeLoraLoader',
  display: 'Lora Loader (Searge)',
  category,
  inputs: {
    model: socket('MODEL'),
    clip: socket('CLIP'),
    lora_name: nameSocket('LORA_NAME'),
    strength_model: strength(),
    strength_clip: strength(),
  },
  outputs: [output('MODEL'), output('CLIP')],
  fingerprint: ({ lora_name }, context) =>
    stateOfName(lora_name, (name) => namedLoraState(name, context)),
  async run({ model, clip, lora_name, strength_model, strength_clip }, context) {
    const strengths = { unet: strength_model, clip: strength_clip };
    const changed = await withNamedLora(model, clip, lora_name, strengths, context);
    return outputs(changed.model, changed.clip);
  },
});

// placeholders that ComfyUI fills in when it saves
const DATE = '%year%-%month%-%day%';

const SeargeImageSave = defineNode({
  type: 'SeargeImageSave',
  display: 'Save Image (Searge)',
  category,
  description:
    'Saves images in the output folder under a prefix, or in the input folder as output-<date>. ' +
    'When disabled, its image is not computed.',
  inputs: {
    images: socket('IMAGE', { lazy: true }),
    filename_prefix: string({ default: 'SeargeSDXL-%date%/Image' }),
    state: nameSocket('ENABLE_STATE', 'enabled'),
    save_to: nameSocket('SAVE_FOLDER', 'output folder'),
  },
  hidden: METADATA_INPUTS,
  outputs: [],
  outputNode: true,
  saves: 'output',
  needs: ({ state }) => (state === 'disabled' ? [] : ['images']),
  async run({ images, filename_prefix, state, save_to }, context) {
    if (state === 'disabled') return outputs();
    const [type, prefix] =
      save_to === 'input folder'
        ? (['input', 'output-%date%'] as const)
        : (['output', filename_prefix] as const);
    return saveImages(images!, context, {
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
