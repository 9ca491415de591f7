// What a network looks like from outside: named tensors in, named tensors out; and the three kinds the pictures need.

import type { Tensor } from '../tensor/tensor.ts';
import type { ClipLayout } from './clip/config.ts';
import type { Hypernetwork } from './unet/hypernetwork-file.ts';
import type { ChangedNetwork, PatchPlan, PatchTargets, WeightChange } from './weights/changes.ts';
import type { Weights } from './weights/tensors.ts';

/** A loaded graph. Calls may not overlap; each blocks the thread until the evaluation is done. */
export interface Network {
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
}

/** The conditions of one UNet evaluation; B rows that are evaluated together. */
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

/** Values added inside a UNet (from a ControlNet): to its skips, in the order they are used, and after its middle. */
export interface ControlResiduals {
  /** [B,C,h,w] per block of the first half, added to what it gives; absent where no adapter takes part in the run. */
  readonly input?: readonly (Tensor | null)[];
  /** [B,C,h,w] per skip, deepest first; null where nothing is added. */
  readonly output: readonly (Tensor | null)[];
  readonly middle: Tensor | null;
}

/** Changes of a UNet's graph or weights. Variants share the file; the runtime keeps a session for each. */
export interface UNetVariant {
  /** Scales of backbone and skip features in the first two widths of the output blocks (FreeU, arXiv 2309.11497). */
  readonly freeU?: {
    readonly version: 1 | 2;
    readonly b1: number;
    readonly b2: number;
    readonly s1: number;
    readonly s2: number;
  };
  /** Self-attention of the middle block gives its values unattended (PAG, arXiv 2403.17377). False: it can be switched on in the same session. */
  readonly perturbedMiddle?: boolean;
  /** Applied after those that are there already. */
  readonly changes?: readonly WeightChange[];
  /** Applied after those that are there already. */
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
  /** The weights that LoRAs may change, by the original layout's names; absent where there are none. */
  readonly patchable?: PatchTargets;
  /** What networks that live on this one's weights are made from; absent where there are none. */
  readonly base?: NetworkBase;
  /** The raw prediction (eps or v), [B, outChannels, H, W]. */
  evaluate(inputs: UNetInputs): Promise<Tensor>;
  /** This UNet with a change more. */
  variant(change: UNetVariant): UNet;
}

/** The weights of a network, and how their changes are made. */
export interface NetworkBase extends ChangedNetwork {
  /** Absent: there are none. */
  readonly plan?: PatchPlan;
}

export interface ControlNetInputs extends Omit<UNetInputs, 'control'> {
  /** What prepareHint gave, for one picture or for B. */
  readonly hint: readonly Tensor[];
  /** Factor of all residuals. */
  readonly strength: number;
}

/** A network that guides a UNet by a picture: a copy of its first half (arXiv 2302.05543), or an adapter (arXiv 2302.08453). */
export interface ControlNet {
  readonly file: string;
  /** Pixels of the hint per latent cell and side (8). */
  readonly factor: number;
  /** The hint's sides are rounded up to multiples of this; 1 unless given. */
  readonly multiple?: number;
  /** Its residuals are added to the blocks of the first half too. */
  readonly adapter?: boolean;
  /** Whether it is made for models like this one. */
  fits(unet: Pick<UNet, 'contextDim' | 'admChannels'>): boolean;
  /** The features of hint pictures [N,C,8H,8W] in 0..1, tensors of N items each; the same for a whole run. */
  prepareHint(pixels: Tensor): Promise<readonly Tensor[]>;
  evaluate(inputs: ControlNetInputs): Promise<ControlResiduals>;
  /** The network over a model's weights, for files that hold changes to them only. */
  withBase?(unet: UNet): ControlNet;
  /** The network for another kind of picture, where it knows several; undefined: none named. Throws DR_INPUT_INVALID. */
  withKind?(kind: number | undefined): ControlNet;
}

/** A position of a prompt: a token id, or a textual-inversion vector of the encoder's width. */
export type TokenSlot = number | Float32Array;

export interface TextEncoderOutput {
  /** Hidden state asked for, [B, T, width]. */
  readonly hidden: Tensor;
  /** Final-norm state at the first end token, times the text projection where the encoder has one; [B, pooledWidth]. */
  readonly pooled: Tensor;
}

/** The weights of a text encoder as its file lays them out, and how they are changed. */
export interface EncoderBase extends ChangedNetwork {
  readonly layout: ClipLayout;
  /** What is blended into the table of tokens, in turn. */
  readonly blended: readonly TokenBlend[];
}

/** Rows of another encoder's table of tokens that are added to one's own. */
export interface TokenBlend {
  readonly own: number;
  readonly other: number;
  /** Absent where the table has another shape; then only the own share counts. */
  readonly rows?: (ids: readonly number[]) => Promise<Float32Array>;
}

export interface TextEncoder {
  readonly kind: 'clip_l' | 'clip_g' | 'clip_h';
  readonly width: number;
  readonly layers: number;
  /** Positions of a chunk (77). */
  readonly length: number;
  /** The weights that LoRAs may change, by Hugging Face's names; absent where there are none. */
  readonly patchable?: PatchTargets;
  /** Its weights with their changes; absent where there are none. */
  readonly base?: EncoderBase;
  /** This encoder with changes more. `blended`: what is blended in with them, in their order, for the table of tokens. */
  withChanges?(changes: readonly WeightChange[], blended?: readonly TokenBlend[]): TextEncoder;
  /** Rows of its table of tokens one after another, blended but not rounded after that. */
  tokenRows?(ids: readonly number[]): Promise<Float32Array>;
  /** Runs chunks of `length` slots. `layer`: 0-based index of the block whose output is wanted, or 'last'; `finalNorm`: final layer norm on it.
   *  `project`: pooled is multiplied by the text projection. */
  encode(
    chunks: readonly (readonly TokenSlot[])[],
    options: { layer: number | 'last'; finalNorm: boolean; project: boolean },
  ): Promise<TextEncoderOutput>;
}

/** Side of the square tiles that something is computed in, and how much neighbours share. */
export interface Tiles {
  readonly tile: number;
  readonly overlap: number;
}

export interface Autoencoder {
  readonly kind: 'kl' | 'taesd';
  readonly latentChannels: number;
  /** Pixels per latent cell and side (8). */
  readonly factor: number;
  /** Pixels 0..1 [N,H,W,3], cut about the centre to multiples of `factor` -> unscaled latents [N,C,H/8,W/8] (the mean, no draw).
   *  `tiles` are in pixels. */
  encode(pixels: Tensor, tiles?: Tiles): Promise<Tensor>;
  /** Unscaled latents -> pixels [N,8H,8W,3], clamped to 0..1. `tiles` are in latent cells. */
  decode(latents: Tensor, tiles?: Tiles): Promise<Tensor>;
  /** Its tensors, by what their names begin with; absent where there are none. */
  readonly weights?: Readonly<Record<string, Weights>>;
  /** Numbers that belong to the tensors, by name. */
  readonly numbers?: Readonly<Record<string, number>>;
}
