// What a family of diffusion transformers is to createDit (network.ts): one value each.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs, LayerControl } from '../denoiser.ts';
import type { Int8Plan } from '../layers/int8.ts';
import type { Weights } from '../weights/tensors.ts';
import type { ControlledModel, LayerControlNet } from './layer-control.ts';
import type { LoraNames } from './lora-names.ts';

export interface DitSizes {
  readonly inChannels: number;
  readonly outChannels: number;
  /** The width of the prompt's features. */
  readonly contextDim: number;
  /** The width of the pooled prompt `y`; 0 without one. */
  readonly admChannels: number;
  /** Whether the channels of an image to edit may follow those of the latent. */
  readonly seesImage?: boolean;
}

export interface DitGraphOptions {
  /** Which layers compute in 8-bit integers. */
  readonly int8?: Int8Plan;
  /** What `extras` of the architecture returned; none for the plain graph. */
  readonly extras?: readonly string[];
  /** The controls that act inside of the network. */
  readonly layerControls?: readonly LayerControlNet[];
  /** The graph has the input `style` [B, S, C], tokens before those of the prompt. */
  readonly hasStyleTokens?: boolean;
  /** How many attention guidances act (attention-guidance.ts). */
  readonly guidances?: number;
  /** Receives intermediate values under the original's module names, for tests. */
  readonly observe?: Observe;
}

export type Observe = (graph: Graph, name: string, value: Value) => void;

/** A family of diffusion transformers. */
export interface Architecture<Config> {
  /** The name for messages: 'FLUX.1', 'Z-Image or Lumina 2' … */
  readonly name: string;
  /** Reads the architecture. Throws DR_MODEL_UNSUPPORTED where weights do not show it. */
  config(weights: Weights): Config;
  sizes(config: Config): DitSizes;
  /** The names of its weights in LoRA files beside those that all families have. */
  readonly lora?: LoraNames;
  /** Which layers compute in 8-bit integers with --precision int8. */
  readonly int8: Int8Plan;
  /** Whether all values stay in the range of float16. */
  readonly float16: boolean;
  /** The float32 numbers per token that an evaluation holds at its peak, a high estimate. */
  floatsPerToken(config: Config): number;
  /**
   * How many blocks of each kind can be skipped (skip-layer guidance); absent: none can, and
   * `skippedBlocks` has no effect, as in ComfyUI. The graph uses blockSkipper of blocks.ts with
   * their sum, the double blocks first.
   */
  blocks?(config: Config): { readonly double: number; readonly single: number };
  /** The graph computes `guidances`; without it they only let both sides be evaluated, as there. */
  readonly guidesAttention?: boolean;
  /** Nodes for UNets, besides those of all transformers, that ComfyUI fails with on this family. */
  readonly refusedPatches?: Denoiser['refusedPatches'];
  /** EasyCache has no effect: in ComfyUI the network does not pass it. */
  readonly ignoresStepCache?: boolean;
  /** Weights that LoRAs and merges do not change. */
  readonly fixedWeights?: readonly string[];
  /** The width of the tokens of `hasStyleTokens`; absent: the graph has none. */
  styleTokenWidth?(config: Config): number;
  /** What `layerControls` of the graph take; absent: it has none. */
  readonly layerControls?: {
    readonly model: ControlledModel;
    /** The width of the tokens that they act on. */
    width(config: Config): number;
    /** Returns their inputs for an evaluation. */
    inputs(
      controls: readonly LayerControl[],
      inputs: DenoiserInputs,
    ): Promise<Record<string, Tensor>>;
  };
  /** What the graph for these inputs has beside the plain one, by name, in a fixed order. */
  extras?(config: Config, inputs: DenoiserInputs): readonly string[];
  /** Builds the graph, with one output `out` [B, N, K]. */
  graph(weights: Weights, config: Config, options: DitGraphOptions): Graph;
  /** Returns the graph's inputs, all but `skipped`. Tokens of the image are `x` [B, N, K]. */
  inputs(config: Config, inputs: DenoiserInputs): Record<string, Tensor>;
  /** Returns the prediction [B, outChannels, H, W] from the graph's output. */
  output(config: Config, out: Tensor, inputs: DenoiserInputs): Tensor;
}

/** Narrower layers stay in float32. */
const MIN_WIDTH = 64;

/**
 * Selects the large layers for int8, all but those that `excepted` matches, with one scale for each
 * token: some tokens of a transformer are far larger than others.
 */
export const largeLayers =
  (excepted: RegExp): Int8Plan =>
  (layer, [out, width]) =>
    out < MIN_WIDTH || width < MIN_WIDTH || excepted.test(layer) ? undefined : 'row';
