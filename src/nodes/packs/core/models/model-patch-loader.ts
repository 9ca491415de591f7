// Model patches: networks that act inside of a diffusion model. Source: ComfyUI
// comfy_extras/nodes_model_patch.py.
import { fileState } from '../../../../formats/file-state.ts';
import { loadModelPatch, type ModelPatch } from '../../../../models/model-patch.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import { withLayerControl } from '../../../../sampling/patches/layer-control.ts';
import { withStyleReference } from '../../../../sampling/patches/style-reference.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { narrow } from '../../../../tensor/axes.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import {
  defineNode,
  float,
  modelFile,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';

const FOLDER = 'model_patches';

const ModelPatchLoader = defineNode({
  type: 'ModelPatchLoader',
  display: 'ModelPatchLoader',
  category: 'advanced/loaders',
  description:
    'Loads a network that acts inside of a model from models/model_patches: a Fun ControlNet of ' +
    'Z-Image, a ControlNet of DiffSynth for Qwen-Image, or the projector of USO.',
  experimental: true,
  inputs: { name: modelFile(FOLDER) },
  outputs: [output('MODEL_PATCH')],
  fingerprint: ({ name }, context) => fileState(context.modelPath(FOLDER, name)),
  async run({ name }, { runtime, modelPath }) {
    const file = modelPath(FOLDER, name);
    return outputs(await loadOnce(runtime, [file], () => loadModelPatch(file, runtime), FOLDER));
  },
});

const strengthInput = () => float({ default: 1, min: -10, max: 10, step: 0.01 });
const picture = (tooltip: string) => socket('IMAGE', { optional: true, tooltip });
const MASK = socket('MASK', {
  optional: true,
  tooltip: 'The part that is painted, for inpainting.',
});

interface Inputs {
  readonly model: Model;
  readonly model_patch: ModelPatch;
  readonly vae: Autoencoder;
  readonly strength: number;
  readonly image?: Tensor;
  readonly inpaint_image?: Tensor;
  readonly mask?: Tensor;
}

const colours = (image?: Tensor): Tensor | undefined => image && narrow(image, 3, 0, 3);

const applied = ({ model, model_patch, vae, strength, image, inpaint_image, mask }: Inputs) =>
  outputs(
    withLayerControl(model, model_patch, vae, strength, {
      image: colours(image),
      inpaintImage: colours(inpaint_image),
      mask,
    }),
  );

/** Despite its name it is the node for the ControlNets of Z-Image too. */
const QwenImageDiffsynthControlnet = defineNode({
  type: 'QwenImageDiffsynthControlnet',
  display: 'QwenImageDiffsynthControlnet',
  category: 'advanced/loaders/qwen',
  description: 'Lets a ControlNet that acts inside of Qwen-Image or Z-Image guide it by a picture.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    model_patch: socket('MODEL_PATCH'),
    vae: socket('VAE'),
    image: socket('IMAGE'),
    strength: strengthInput(),
    mask: MASK,
  },
  outputs: [output('MODEL')],
  run: (inputs) => applied(inputs),
});

const ZImageFunControlnet = defineNode({
  type: 'ZImageFunControlnet',
  display: 'Apply Z-Image Fun ControlNet',
  category: 'model/patch/z-image',
  description: 'Lets a Fun ControlNet guide Z-Image by a picture, or paint a part of one.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    model_patch: socket('MODEL_PATCH'),
    vae: socket('VAE'),
    strength: strengthInput(),
    image: picture('The picture that guides: edges, a pose, depths …'),
    inpaint_image: picture('The picture of which a part is painted.'),
    mask: MASK,
  },
  outputs: [output('MODEL')],
  run: (inputs) => applied(inputs),
});

const USOStyleReference = defineNode({
  type: 'USOStyleReference',
  display: 'USOStyleReference',
  category: 'advanced/model_patches/flux',
  description: "Gives FLUX.1 the style of a picture, by USO's projector.",
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    model_patch: socket('MODEL_PATCH'),
    clip_vision_output: socket('CLIP_VISION_OUTPUT'),
  },
  outputs: [output('MODEL')],
  run: async ({ model, model_patch, clip_vision_output }) =>
    outputs(await withStyleReference(model, model_patch, clip_vision_output)),
});

export const MODEL_PATCH_LOADER_NODES: readonly NodeDeclaration[] = [
  ModelPatchLoader,
  QwenImageDiffsynthControlnet,
  ZImageFunControlnet,
  USOStyleReference,
];
