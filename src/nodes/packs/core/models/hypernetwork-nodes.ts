// Hypernetworks of the web UI. Source: ComfyUI comfy_extras/nodes_hypernetwork.py.
import { fileState } from '../../../../formats/file-state.ts';
import { openHypernetwork } from '../../../../models/unet/hypernetwork-file.ts';
import { checkPatch } from '../../../../sampling/patches/patch-model.ts';
import { defineNode, float, modelFile, output, outputs, socket } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';

const FOLDER = 'hypernetworks';

const HypernetworkLoader = defineNode({
  type: 'HypernetworkLoader',
  display: 'HypernetworkLoader',
  category: 'loaders',
  inputs: {
    model: socket('MODEL'),
    hypernetwork_name: modelFile(FOLDER),
    strength: float({ default: 1, min: -10, max: 10, step: 0.01 }),
  },
  outputs: [output('MODEL')],
  fingerprint: ({ hypernetwork_name }, context) =>
    fileState(context.modelPath(FOLDER, hypernetwork_name)),
  async run({ model, hypernetwork_name, strength }, { runtime, modelPath, warn }) {
    checkPatch(model, 'hypernetwork');
    const file = modelPath(FOLDER, hypernetwork_name);
    const hypernetwork = await loadOnce(
      runtime,
      [file],
      () => openHypernetwork(file),
      'hypernetwork',
    );
    if (!hypernetwork.layers.has(model.denoiser.contextDim))
      warn(
        `${hypernetwork_name} has no layers for prompt features of width ` +
          `${model.denoiser.contextDim}: it was made for another family of models`,
      );
    return outputs({
      ...model,
      denoiser: model.denoiser.variant({ hypernetworks: [{ hypernetwork, strength }] }),
    });
  },
});

export const HYPERNETWORK_NODES = [HypernetworkLoader];
