// The UNet as samplers use it: a network that predicts noise or velocity, with the variants that
// model patches make of it.
import type { Tensor } from '../../tensor/tensor.ts';
import type { NetworkBase, PatchTargets, WeightChange } from '../weights/changes.ts';
import type { Hypernetwork } from './hypernetwork-file.ts';

/** The inputs of one UNet evaluation: B rows that are evaluated together. */
export interface UNetInputs {
  /** Latents scaled to unit variance, [B, inChannels, H, W]. */
  readonly x: Tensor;
  /** Model timesteps 0..999, one per row. */
  readonly timesteps: Float32Array;
  /** Token features, [B, T, contextDim]. */
  readonly context: Tensor;
  /** ADM vector [B, admChannels]; only for models that have one. */
  readonly y?: Tensor;
  readonly control?: ControlResiduals;
}

/** Residuals of a ControlNet or T2I-Adapter, which are added inside a UNet. */
export interface ControlResiduals {
  /**
   * [B, C, h, w] per block of the first half, added to the block's output. Absent where no adapter
   * takes part in the run.
   */
  readonly input?: readonly (Tensor | null)[];
  /** [B, C, h, w] per skip connection, deepest first; null where nothing is added. */
  readonly output: readonly (Tensor | null)[];
  /** Added to the output of the middle block. */
  readonly middle: Tensor | null;
}

/** Changes of a UNet's graph or weights. Variants share the file; each has its own session. */
export interface UNetVariant {
  /**
   * FreeU (arXiv 2309.11497): factors of backbone (b) and skip features (s) in the two widest
   * levels of the output blocks.
   */
  readonly freeU?: {
    readonly version: 1 | 2;
    readonly b1: number;
    readonly b2: number;
    readonly s1: number;
    readonly s2: number;
  };
  /**
   * Perturbed-attention guidance (arXiv 2403.17377): true replaces the self-attention of the middle
   * block by its values. With false it can be switched on in the same session.
   */
  readonly perturbedMiddle?: boolean;
  /** Applied after the existing changes. */
  readonly changes?: readonly WeightChange[];
  /** Applied after the existing hypernetworks. */
  readonly hypernetworks?: readonly {
    readonly hypernetwork: Hypernetwork;
    readonly strength: number;
  }[];
}

export interface UNet {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly contextDim: number;
  /** 0 when the model has no ADM vector (SD1.x, SD2.x). */
  readonly admChannels: number;
  /**
   * The weights that LoRAs may change, by the original layout's names; absent where there are none.
   */
  readonly patchable?: PatchTargets;
  /**
   * The weights that other networks are made from (control LoRAs, merges); absent where there are
   * none.
   */
  readonly base?: NetworkBase;
  /** Returns the raw prediction (eps or v), [B, outChannels, H, W]. */
  evaluate(inputs: UNetInputs): Promise<Tensor>;
  /** Returns a UNet with one more change. */
  variant(change: UNetVariant): UNet;
}
