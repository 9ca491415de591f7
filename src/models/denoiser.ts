// The denoising network as samplers use it (a UNet or a diffusion transformer): it predicts noise,
// velocity or flow. Model patches create variants of it.
import type { Tensor } from '../tensor/tensor.ts';
import type { Arithmetic } from './denoiser-precision.ts';
import type { ControlledModel, LayerControlNet } from './dit/layer-control.ts';
import type { Gligen } from './gligen/load.ts';
import type { LoraKeys } from './lora/patches.ts';
import type { Hypernetwork } from './unet/hypernetwork-file.ts';
import type { Draws, UNetPatch } from './unet/unet-patch.ts';
import type { NetworkBase, PatchTargets, WeightChange } from './weights/changes.ts';

/** The inputs of one evaluation: B rows that are evaluated together. */
export interface DenoiserInputs {
  /**
   * Latents scaled by the model sampling, [B, inChannels, H, W]; with frames, where the model's
   * latents have them, [B, inChannels, T, H, W].
   */
  readonly x: Tensor;
  /** The model sampling's timesteps, one per row: 0..999 in UNets. */
  readonly timesteps: Float32Array;
  /** Token features, [B, T, contextDim]. */
  readonly context: Tensor;
  /** The states of a language model's layers beside each other, [B, S, L * D]; only for HiDream. */
  readonly contextLayers?: Tensor;
  /** Which tokens are of the prompt (1) and which are padding (0), [B, T]; all by default. */
  readonly contextMask?: Tensor;
  /**
   * What is added to the products of queries and keys in FLUX.1 and Chroma, [B, T+1, T+1]: of the
   * prompt's tokens, and of one token in place of all those of the image.
   */
  readonly attentionBias?: Tensor;
  /** Tokens of the prompt that the network embeds itself, [B, T, 2]: ids and weights. */
  readonly tokens?: Tensor;
  /** ADM vector or pooled prompt, [B, admChannels]; only for models that have one. */
  readonly y?: Tensor;
  /** The distilled guidance of FLUX.1 and Chroma, one number per row. */
  readonly guidance?: Float32Array;
  readonly references?: References;
  /** The bits that keys and values of prompts and references are stored in; see DenoiserVariant. */
  readonly keyCache?: 4 | 8;
  readonly control?: ControlResiduals;
  /** Tokens [N, S, width] before those of the prompt, behind its embedding. */
  readonly styleTokens?: Tensor;
  /** The tokens of GLIGEN's objects, [30, keyWidth], for all rows. */
  readonly objects?: { readonly gligen: Gligen; readonly tokens: Tensor };
  /** The noise level; needed by patches that act in a range of it. */
  readonly sigma?: number;
  /**
   * The number of the guider's side that each condition belongs to, 0 and 1 for the positive and
   * the negative one; the rows of conditions follow one another. Needed by attention guidance.
   */
  readonly sides?: readonly number[];
  /** What patches draw from, evaluation by evaluation; needed by those with a random part. */
  readonly draws?: Draws;
  /**
   * Receives what a UNet with `recordsAttention` recorded, [B*T, N]: for each token of the middle
   * block the attention that it gets from all tokens, the mean over the heads. T is the number of
   * tiles of HyperTile, 1 without.
   */
  readonly onAttention?: (received: Tensor) => void;
}

/** Images that a picture is made from (FLUX.1 Kontext, Z-Image Omni). */
export interface References {
  /** Latents in model units, of the rank of x each. */
  readonly latents: readonly Tensor[];
  readonly method?: ReferenceMethod;
  /**
   * Features of the texts before the latents of the same numbers, [B, T, contextDim] each; further
   * ones follow the prompt. Only for Z-Image.
   */
  readonly contexts?: readonly Tensor[];
  /**
   * Before which token of the prompt the tokens of each latent are; further ones are behind it.
   * Only for Qwen-Image 2.1.
   */
  readonly slots?: readonly number[];
}

/** How a network places the tokens of reference images beside those of the latent. */
export type ReferenceMethod =
  | 'offset'
  | 'index'
  | 'uxo'
  | 'index_timestep_zero'
  // of networks alone, no node selects it
  | 'negative_index';

/**
 * Residuals of a ControlNet or T2I-Adapter, which are added inside a network: planes [B, C, h, w]
 * in a UNet, tokens [B, N, C] in a transformer; null where nothing is added.
 */
export interface ControlResiduals {
  /**
   * Per block of the UNet's first half, added to the block's output, absent without an adapter; per
   * double block of FLUX.1, added to the image's tokens.
   */
  readonly input?: readonly (Tensor | null)[];
  /** Per skip connection, deepest first; per block of SD3; per single block of FLUX.1. */
  readonly output: readonly (Tensor | null)[];
  /** Added to the output of the middle block; null in a transformer. */
  readonly middle: Tensor | null;
}

/**
 * Changes of a network's graph or weights. Patches of UNets have no effect on transformers. Variants
 * share the file; each has its own session.
 */
export interface DenoiserVariant {
  /** Applied after the existing patches. */
  readonly patches?: readonly UNetPatch[];
  /**
   * Perturbed-attention guidance (arXiv 2403.17377): true replaces the result of the middle
   * block's self-attention by its values. false computes the plain result in the same session.
   */
  readonly perturbedMiddle?: boolean;
  /** Computes what `onAttention` receives, in the first transformer of the middle block. */
  readonly recordsAttention?: boolean;
  /** Applied after the existing changes. */
  readonly changes?: readonly WeightChange[];
  /** Networks that act inside of this one, of transformers alone; after the existing ones. */
  readonly layerControls?: readonly LayerControl[];
  /**
   * Tokens [N, S, width] before those of the prompt, behind its embedding, of FLUX.1 alone; each
   * before the existing ones.
   */
  readonly styleTokens?: readonly Tensor[];
  /**
   * How keys and values of prompts and references are stored between evaluations, of Qwen-Image 2.1
   * alone; fewer bits change the prediction. Takes the place of the existing one.
   */
  readonly keyCache?: 'default' | 'int8' | 'int4';
  /** Blocks of a transformer that return their input (skip-layer guidance). */
  readonly skippedBlocks?: {
    readonly double: readonly number[];
    readonly single: readonly number[];
  };
  /** Applied after the existing hypernetworks. */
  readonly hypernetworks?: readonly {
    readonly hypernetwork: Hypernetwork;
    readonly strength: number;
  }[];
}

/** A network beside a transformer that adds to the image's tokens. */
export interface LayerControl {
  readonly net: LayerControlNet;
  readonly strength: number;
  /** The hint for latents of a size in cells, in model units [N, C, H, W]. */
  hint(height: number, width: number): Promise<Tensor>;
}

/** What patches of UNets can need that a network does not have. */
export type RefusedPatch = UNetPatch['kind'] | 'hypernetwork' | 'recordedAttention';

/** A denoising network. Immutable: a variant is another value over the same file. */
export interface Denoiser {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly contextDim: number;
  /** Width of `y`; 0 when the model has none (SD1.x, SD2.x, Z-Image). */
  readonly admChannels: number;
  /** Whether a noise level of the low-resolution image takes the place of the ADM vector. */
  readonly hasNoiseLevels?: boolean;
  /**
   * The weights that LoRAs may change, by their names in the original layout; absent for networks
   * without weights.
   */
  readonly patchable?: PatchTargets;
  /** Returns their names, and those of their parts, in LoRA files. */
  readonly loraKeys?: () => LoraKeys;
  /**
   * The weights that control LoRAs and merges are computed from; absent for networks without
   * weights.
   */
  readonly base?: NetworkBase;
  /** What it computes in; absent for UNets, whose ControlNets compute in float32. */
  readonly arithmetic?: Arithmetic;
  /** The patches of UNets that ComfyUI fails with on this network; others have no effect on it. */
  readonly refusedPatches?: readonly RefusedPatch[];
  /** Which layerControls act, and the width of the tokens; absent where none do. */
  readonly layerControl?: { readonly model: ControlledModel; readonly width: number };
  /** The width of styleTokens; absent where they do not act. */
  readonly styleTokenWidth?: number;
  /** EasyCache does not act on this network. */
  readonly ignoresStepCache?: boolean;
  /** Returns the raw prediction (eps, v or flow), [B, outChannels, H, W]. */
  evaluate(inputs: DenoiserInputs): Promise<Tensor>;
  /** Returns a network with one more change. */
  variant(change: DenoiserVariant): Denoiser;
  /** The changes of its graph. */
  readonly graphChange?: Omit<DenoiserVariant, 'changes'>;
  /** Returns a network with its own weights, and the graph changes of another one. */
  withPatchesOf?(other: Denoiser): Denoiser;
}
