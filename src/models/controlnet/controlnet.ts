// ControlNets and T2I-Adapters as samplers use them.
import type { Tensor } from '../../tensor/tensor.ts';
import type { ControlResiduals, UNet, UNetInputs } from '../unet/unet.ts';

export interface ControlNetInputs extends Omit<UNetInputs, 'control'> {
  /** The result of prepareHint, for one image or for B. */
  readonly hint: readonly Tensor[];
  /** Factor of all residuals. */
  readonly strength: number;
}

/**
 * A network that guides a UNet by an image: a copy of the UNet's first half (arXiv 2302.05543), or
 * an adapter (arXiv 2302.08453).
 */
export interface ControlNet {
  readonly file: string;
  /** Pixels of the hint per latent cell and side (8). */
  readonly factor: number;
  /** The hint's sides are rounded up to multiples of this number; 1 by default. */
  readonly multiple?: number;
  /** Whether its residuals are added to the blocks of the first half too. */
  readonly adapter?: boolean;
  /** Returns whether it was trained for models of these sizes. */
  fits(unet: Pick<UNet, 'contextDim' | 'admChannels'>): boolean;
  /**
   * Returns the features of hint images [N, C, 8H, 8W] in 0..1, tensors of N items each. They are
   * the same for all steps of a run.
   */
  prepareHint(pixels: Tensor): Promise<readonly Tensor[]>;
  evaluate(inputs: ControlNetInputs): Promise<ControlResiduals>;
  /** Returns the network over a model's weights; for files that hold only changes to them. */
  withBase?(unet: UNet): ControlNet;
  /**
   * Returns the network set to a kind of image, for networks trained on several; undefined: no
   * kind is named. Throws DR_INPUT_INVALID.
   */
  withKind?(kind: number | undefined): ControlNet;
}
