// Loaders of checkpoints and VAEs. Source: ComfyUI nodes.py.
import { fileState } from '../../../../formats/file-state.ts';
import { combo, defineNode, modelFile, output, outputs } from '../../../declare.ts';
import { loadNamedCheckpoint } from '../../../shared/named-checkpoint.ts';
import { loadNamedVae, vaeNames, vaePaths } from '../../../shared/named-vae.ts';

const CheckpointLoaderSimple = defineNode({
  type: 'CheckpointLoaderSimple',
  display: 'Load Checkpoint',
  category: 'loaders',
  description: 'Loads a checkpoint: the model, its text encoders and its autoencoder.',
  inputs: { ckpt_name: modelFile('checkpoints', { tooltip: 'The file.' }) },
  outputs: [output('MODEL'), output('CLIP'), output('VAE')],
  fingerprint: ({ ckpt_name }, context) => fileState(context.modelPath('checkpoints', ckpt_name)),
  async run({ ckpt_name }, context) {
    const { model, clip, vae } = await loadNamedCheckpoint(ckpt_name, context);
    return outputs(model, clip, vae);
  },
});

const VAELoader = defineNode({
  type: 'VAELoader',
  display: 'Load VAE',
  category: 'loaders',
  inputs: { vae_name: { ...combo([]), options: vaeNames, folder: 'vae' } },
  outputs: [output('VAE')],
  fingerprint: ({ vae_name }, context) => fileState(...vaePaths(vae_name, context)),
  run: async ({ vae_name }, context) => outputs(await loadNamedVae(vae_name, context)),
});

export const LOADER_NODES = [CheckpointLoaderSimple, VAELoader];
