// Networks beside a transformer that act inside of its graph on the image's tokens: Fun ControlNets
// of Z-Image (nextdit/layer-control.ts), DiffSynth's of Qwen-Image (qwenimage/layer-control.ts).
import type { Weights } from '../weights/tensors.ts';

/** The models that they are for. */
export type ControlledModel = 'Z-Image' | 'Qwen-Image';

export interface LayerControlConfig {
  /** The width of the tokens that they act on. */
  readonly dim: number;
  /** The values of a patch of the hint. */
  readonly patchSize: number;
  readonly blocks: number;
  /**
   * What acts after the refiners of Z-Image's image: blocks of their own, or, where these were
   * published empty, the control's blocks (as ComfyUI does then); absent: nothing.
   */
  readonly refiner?: 'own' | 'blocks';
}

/** The weights and the architecture of such a network. */
export interface LayerControlNet {
  readonly kind: 'layer-control';
  readonly model: ControlledModel;
  readonly weights: Weights;
  readonly config: LayerControlConfig;
}

/** The names of the inputs that a graph has for a control: its hint's patches, its strength. */
export const controlInputs = (number: number) => ({
  hint: `control${number}`,
  strength: `controlStrength${number}`,
});
