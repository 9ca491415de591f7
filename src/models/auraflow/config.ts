// The sizes of AuraFlow, read from its tensors' names and shapes, as comfy/model_detection.py reads
// them.
import { onlyResembles, unsupportedModel } from '../../formats/model-file-errors.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

export interface AuraFlowConfig {
  /** The width of a token inside the network. */
  readonly width: number;
  readonly heads: number;
  /** Channels of the latent. */
  readonly inChannels: number;
  readonly outChannels: number;
  readonly contextDim: number;
  /** Blocks whose streams of prompt and image have weights of their own. */
  readonly doubleBlocks: number;
  readonly singleBlocks: number;
  /** Side in patches of the table of positions. */
  readonly tableSide: number;
}

/** The side of a patch. */
export const PATCH = 2;

/** The table of positions, [1, side * side, width]. */
export const POSITIONS = 'positional_encoding';

/** Heads by width, which the file does not show. */
const HEADS: ReadonlyMap<number, number> = new Map([
  [3072, 12],
  // small models for tests
  [48, 3],
]);

/** Reads the architecture. Throws DR_MODEL_UNSUPPORTED for other widths and incomplete weights. */
export function auraFlowConfig(weights: Weights): AuraFlowConfig {
  const [width, patchWidth] = weights.shape('init_x_linear.weight');
  const heads = HEADS.get(width);
  if (heads === undefined)
    throw unsupportedModel(
      weights.file,
      `is ${width} wide, where AuraFlow is 3072 wide`,
      onlyResembles('AuraFlow'),
    );
  return {
    width,
    heads,
    inChannels: patchWidth / PATCH ** 2,
    outChannels: weights.shape('final_linear.weight')[0] / PATCH ** 2,
    contextDim: weights.shape('cond_seq_linear.weight')[1],
    doubleBlocks: countLayers(weights, 'double_layers'),
    singleBlocks: countLayers(weights, 'single_layers'),
    tableSide: Math.round(Math.sqrt(weights.shape(POSITIONS)[1])),
  };
}
