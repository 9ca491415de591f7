// Loads Fun ControlNets of Z-Image (comfy_extras/nodes_model_patch.py ModelPatchLoader).
import { identify } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { wrongFile } from '../checkpoint/wrong-file.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { controlFromDiffusers } from './diffusers-nextdit.ts';
import type { LayerControlConfig, LayerControlNet } from './layer-control.ts';

/** The projection of the first own refiner, which some files have with zeros. */
const REFINER_PROJECTION = 'control_noise_refiner.0.after_proj.weight';
/** The number of blocks of files whose own refiners can be empty. */
const BLOCKS_WITH_REFINERS = 15;

/** Loads a ControlNet. Throws DR_MODEL_UNSUPPORTED, and what openModelFile throws. */
export function loadLayerControl(file: string): Promise<LayerControlNet> {
  return withModelFile(file, async ({ tensors, read }) => {
    const found = identify(tensors);
    if (found.kind !== 'layer-control')
      throw wrongFile(
        file,
        'a model patch',
        found,
        'Of model patches, the Fun ControlNets of Z-Image are supported.',
      );
    const weights = weightsOf(file, controlFromDiffusers(tensors), '');
    const blocks = countBlocks(weights);
    const isEmpty = async (): Promise<boolean> =>
      blocks === BLOCKS_WITH_REFINERS &&
      (await read(REFINER_PROJECTION)).data.every((value) => Number(value) === 0);
    const hasRefiners = weights.has(REFINER_PROJECTION);
    const withRefiners: LayerControlConfig['refiner'] =
      hasRefiners && (await isEmpty()) ? 'blocks' : 'own';
    const [dim, patchSize] = weights.shape('control_all_x_embedder.2-1.weight');
    const refiner = hasRefiners ? withRefiners : 'none';
    return { weights, config: { dim, patchSize, blocks, refiner } };
  });
}

function countBlocks(weights: Weights): number {
  let count = 0;
  while (weights.hasPrefix(`control_layers.${count}.`)) count++;
  return count;
}
