// Nodes that enlarge images with a network. Source: ComfyUI comfy_extras/nodes_upscale_model.py.
import { defineNode, modelFile, output, outputs, socket } from '../../../declare.ts';
import { loadNamedUpscaler, namedUpscalerState } from '../../../shared/named-upscaler.ts';

const UpscaleModelLoader = defineNode({
  type: 'UpscaleModelLoader',
  display: 'Load Upscale Model',
  category: 'loaders',
  description: 'Loads a model that enlarges images by a fixed factor.',
  inputs: {
    model_name: modelFile('upscale_models', {
      tooltip: 'The file: ESRGAN, Real-ESRGAN, BSRGAN or Real-ESRGAN Compact.',
    }),
  },
  outputs: [output('UPSCALE_MODEL')],
  fingerprint: ({ model_name }, context) => namedUpscalerState(model_name, context),
  run: async ({ model_name }, context) => outputs(await loadNamedUpscaler(model_name, context)),
});

const ImageUpscaleWithModel = defineNode({
  type: 'ImageUpscaleWithModel',
  display: 'Upscale Image (using Model)',
  category: 'image/upscaling',
  description: 'Enlarges images by the factor of the model, in tiles of 512 pixels.',
  inputs: {
    upscale_model: socket('UPSCALE_MODEL', { tooltip: 'The model. It determines the factor.' }),
    image: socket('IMAGE', { tooltip: 'The images.' }),
  },
  outputs: [output('IMAGE')],
  async run({ upscale_model, image }, { signal, progress }) {
    return outputs(await upscale_model.upscale(image, { signal, onTile: progress }));
  },
});

export const UPSCALE_MODEL_NODES = [UpscaleModelLoader, ImageUpscaleWithModel];
