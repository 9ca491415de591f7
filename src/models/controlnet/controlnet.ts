// ControlNets and T2I-Adapters as samplers use them.
import type { Tensor } from '../../tensor/tensor.ts';
import type { ControlResiduals, Denoiser, DenoiserInputs } from '../denoiser.ts';

export interface ControlNetInputs extends Omit<DenoiserInputs, 'control'> {
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
  /** Whether residuals are also added to the blocks of the UNet's first half. */
  readonly adapter?: boolean;
  /** Returns whether the network was trained for models of these sizes. */
  fits(unet: Pick<Denoiser, 'contextDim' | 'admChannels'>): boolean;
  /**
   * Returns the features of hint images [N, C, 8H, 8W] in 0..1, tensors of N items each. They are
   * the same in all steps of a run.
   */
  prepareHint(pixels: Tensor): Promise<readonly Tensor[]>;
  evaluate(inputs: ControlNetInputs): Promise<ControlResiduals>;
  /** Returns the network with a model's weights; for files that contain only changes of them. */
  withBase?(unet: Denoiser): ControlNet;
  /**
   * Returns a union network for one control type (an index), or for none. Throws DR_INPUT_INVALID
   * for a type that the network does not support.
   */
  withKind?(kind: number | undefined): ControlNet;
}
