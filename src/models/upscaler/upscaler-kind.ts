// The interface of upscaler architectures.
import type { Graph } from '../../onnx/builder.ts';
import type { Weights } from '../weights/tensors.ts';

/** A recognised network: its scale and channels, and its graphs. */
export interface UpscalerArchitecture {
  readonly name: string;
  /** Side of the result over side of the source. */
  readonly scale: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Sides that the network accepts: multiples of `multiple`, at least `minimum`. */
  readonly sides: { readonly minimum: number; readonly multiple: number };
  /**
   * Input `x` [B, inChannels, H, W] in 0..1; output `out`: the input of `head`, or [B, outChannels,
   * scale H, scale W], not clamped.
   */
  graph(): Graph;
  readonly head?: UpscalerHead;
}

/**
 * The upsampling end of a network. It needs most of the memory, but each of its pixels depends on
 * few cells, so it can be computed in strips.
 */
export interface UpscalerHead {
  /** Pixels per cell and side. */
  readonly scale: number;
  /** Number of neighbouring cells that a cell's pixels depend on. */
  readonly margin: number;
  /**
   * Input `x`: output of the graph before, [B, C, h, w]; output `out` [B, outChannels, scale h,
   * scale w], not clamped.
   */
  graph(): Graph;
}

/** Reads the architecture from names and shapes; returns undefined for weights of another kind. */
export type UpscalerReader = (weights: Weights) => UpscalerArchitecture | undefined;
