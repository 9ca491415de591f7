// What every upscaler tells of itself, whatever its layers are.
import type { Graph } from '../../onnx/builder.ts';
import type { Weights } from '../weights.ts';

/** A recognised network: its scale and channels, and its graphs. */
export interface UpscalerArchitecture {
  readonly name: string;
  /** Side of the result over side of the source. */
  readonly scale: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** The sides that it takes: multiples of `multiple`, not below `minimum`. */
  readonly sides: { readonly minimum: number; readonly multiple: number };
  /** Input `x` [B, inChannels, H, W] in 0..1; output `out` [B, outChannels, scale H, scale W], not clamped. */
  graph(): Graph;
}

/** Reads the architecture off names and shapes; undefined when the weights are of another kind. */
export type UpscalerReader = (weights: Weights) => UpscalerArchitecture | undefined;
