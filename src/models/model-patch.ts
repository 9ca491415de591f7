// Loads model patches: networks that act inside of a diffusion model
// (comfy_extras/nodes_model_patch.py ModelPatchLoader).
import { identify } from '../formats/identify/identify.ts';
import { withModelFile } from '../formats/model-file.ts';
import type { TensorFile } from '../formats/tensor-file.ts';
import { wrongFile } from './checkpoint/wrong-file.ts';
import type { ControlledModel, LayerControlNet } from './dit/layer-control.ts';
import { createStyleProjector, type StyleProjector } from './flux/style-projector.ts';
import type { ModelRuntime } from './model-runtime.ts';
import { openLayerControl } from './nextdit/open-layer-control.ts';
import { openBlockControl } from './qwenimage/layer-control.ts';
import { weightsOf } from './weights/tensors.ts';

/** The value of a MODEL_PATCH socket. */
export type ModelPatch = LayerControlNet | StyleProjector;

const STYLE_PREFIX = 'feature_embedder.';

const CONTROLS: Readonly<
  Record<
    ControlledModel,
    (file: string, opened: TensorFile) => LayerControlNet | Promise<LayerControlNet>
  >
> = { 'Z-Image': openLayerControl, 'Qwen-Image': openBlockControl };

/** Loads a model patch. Throws DR_MODEL_UNSUPPORTED, and what openModelFile throws. */
export function loadModelPatch(file: string, runtime: ModelRuntime): Promise<ModelPatch> {
  return withModelFile<ModelPatch>(file, async (opened) => {
    const found = identify(opened.tensors);
    switch (found.kind) {
      case 'layer-control':
        return CONTROLS[found.model](file, opened);
      case 'style-projector':
        return createStyleProjector(runtime, weightsOf(file, opened.tensors, STYLE_PREFIX));
      default:
        throw wrongFile(
          file,
          'a model patch',
          found,
          'Of model patches, the Fun ControlNets of Z-Image, those of DiffSynth for Qwen-Image and ' +
            'the projector of USO are supported.',
        );
    }
  });
}
