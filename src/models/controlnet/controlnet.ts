// ControlNets and T2I-Adapters as samplers use them.
import type { Tensor } from '../../tensor/tensor.ts';
import type { ControlResiduals, Denoiser, DenoiserInputs } from '../denoiser.ts';
import type { LatentScale } from '../vae/latent-scale.ts';

export interface ControlNetInputs extends Omit<DenoiserInputs, 'control'> {
  /** The result of prepareHint, for one image or for B. */
  readonly hint: readonly Tensor[];
  /** Factor of all residuals. */
  readonly strength: number;
}

/** How a hint becomes a latent, for ControlNets that take latents. */
export interface LatentHint extends LatentScale {
  /** Returns the pixels [N, C, H, W] that are encoded; by default those of the hint. */
  readonly pixels?: (hint: Tensor) => Tensor;
  /** Whether a mask follows as the last channel, 1 everywhere by default. */
  readonly hasMask: boolean;
}

/**
 * A network that guides a denoiser by an image: a copy of its first blocks (arXiv 2302.05543), or
 * an adapter (arXiv 2302.08453).
 */
export interface ControlNet {
  readonly file: string;
  /** Pixels (or latent cells) of the hint per latent cell and side: 8, or 1 for latents. */
  readonly factor: number;
  /** Absent for networks that take pixels. */
  readonly latentHint?: LatentHint;
  /** The hint's sides are rounded up to multiples of this number; 1 by default. */
  readonly multiple?: number;
  /** Whether residuals are also added to the blocks of the UNet's first half. */
  readonly adapter?: boolean;
  /** Returns whether the network was trained for models of these sizes. */
  fits(model: Pick<Denoiser, 'contextDim' | 'admChannels' | 'base'>): boolean;
  /**
   * Returns the features of hint images [N, C, 8H, 8W] in 0..1, or of their latents
   * [N, C, H, W], tensors of N items each. They are the same in all steps of a run.
   */
  prepareHint(hint: Tensor): Promise<readonly Tensor[]>;
  evaluate(inputs: ControlNetInputs): Promise<ControlResiduals>;
  /**
   * Returns the network for a model: with the model's weights, for files that contain only changes
   * of them, and in the precision of the model.
   */
  withBase?(unet: Denoiser): ControlNet;
  /**
   * Returns a union network for one control type (an index), or for none. Throws DR_INPUT_INVALID
   * for a type that the network does not support.
   */
  withKind?(kind: number | undefined): ControlNet;
}
