// Reads Fun ControlNets of Z-Image (comfy_extras/nodes_model_patch.py ModelPatchLoader).
import type { TensorFile } from '../../formats/tensor-file.ts';
import type { LayerControlConfig, LayerControlNet } from '../dit/layer-control.ts';
import { countLayers, weightsOf } from '../weights/tensors.ts';
import { controlFromDiffusers } from './diffusers-nextdit.ts';

/** The projection of the first own refiner, which some files have with zeros. */
const REFINER_PROJECTION = 'control_noise_refiner.0.after_proj.weight';
/** The number of blocks of files whose own refiners can be empty. */
const BLOCKS_WITH_REFINERS = 15;

/** Reads the architecture of a ControlNet. Throws DR_MODEL_UNSUPPORTED for missing tensors. */
export async function openLayerControl(
  file: string,
  { tensors, read }: Pick<TensorFile, 'tensors' | 'read'>,
): Promise<LayerControlNet> {
  const weights = weightsOf(file, controlFromDiffusers(tensors), '');
  const blocks = countLayers(weights, 'control_layers');
  const refinerOf = async (): Promise<LayerControlConfig['refiner']> => {
    if (!weights.has(REFINER_PROJECTION)) return undefined;
    if (blocks !== BLOCKS_WITH_REFINERS) return 'own';
    const { data } = await read(REFINER_PROJECTION);
    return data.every((value) => Number(value) === 0) ? 'blocks' : 'own';
  };
  const [dim, patchSize] = weights.shape('control_all_x_embedder.2-1.weight');
  const config = { dim, patchSize, blocks, refiner: await refinerOf() };
  return { kind: 'layer-control', model: 'Z-Image', weights, config };
}
