// Loads model patches: networks that act inside of a diffusion model
// (comfy_extras/nodes_model_patch.py ModelPatchLoader).
import { identify } from '../formats/identify/identify.ts';
import { withModelFile } from '../formats/model-file.ts';
import { wrongFile } from './checkpoint/wrong-file.ts';
import { createStyleProjector, type StyleProjector } from './flux/style-projector.ts';
import type { ModelRuntime } from './model-runtime.ts';
import type { LayerControlNet } from './nextdit/layer-control.ts';
import { openLayerControl } from './nextdit/open-layer-control.ts';
import { weightsOf } from './weights/tensors.ts';

/** The value of a MODEL_PATCH socket. */
export type ModelPatch = LayerControlNet | StyleProjector;

const STYLE_PREFIX = 'feature_embedder.';

/** Loads a model patch. Throws DR_MODEL_UNSUPPORTED, and what openModelFile throws. */
export function loadModelPatch(file: string, runtime: ModelRuntime): Promise<ModelPatch> {
  return withModelFile<ModelPatch>(file, async (opened) => {
    const found = identify(opened.tensors);
    switch (found.kind) {
      case 'layer-control':
        return openLayerControl(file, opened);
      case 'style-projector':
        return createStyleProjector(runtime, weightsOf(file, opened.tensors, STYLE_PREFIX));
      default:
        throw wrongFile(
          file,
          'a model patch',
          found,
          'Of model patches, the Fun ControlNets of Z-Image and the projector of USO are supported.',
        );
    }
  });
}
