// The patches of a UNet's computation, as nodes add them to a model. Each acts at fixed points; at
// a point the patches act in the order in which they were added.
import type { InterpolateMode } from '../../image/resize/torch-interpolate.ts';
import type { TorchGenerator } from '../../random/torch-generator.ts';

/**
 * FreeU (arXiv 2309.11497): factors of backbone (b) and skip features (s) in the two widest levels
 * of the output blocks.
 */
export interface FreeU {
  readonly kind: 'freeU';
  readonly version: 1 | 2;
  readonly b1: number;
  readonly b2: number;
  readonly s1: number;
  readonly s2: number;
}

export type FeatureResize = Exclude<InterpolateMode, 'nearest'> | 'bislerp';

/**
 * Deep shrink (Kohya; comfy_extras/nodes_model_downscale.py): within a range of noise levels the
 * features after an input block are divided in size, and enlarged to the skip where they meet it.
 */
export interface DeepShrink {
  readonly kind: 'deepShrink';
  /** Index of the input block; without effect if there is none. */
  readonly block: number;
  /** Above 1 makes features smaller. */
  readonly factor: number;
  /** Resizes the features after they were stored as a skip connection, not before. */
  readonly afterSkip: boolean;
  /** Acts where the noise level is at most this. */
  readonly startSigma: number;
  /** Acts where the noise level is at least this. */
  readonly endSigma: number;
  readonly down: FeatureResize;
  readonly up: FeatureResize;
}

/**
 * HyperTile (github.com/tfernd/HyperTile; comfy_extras/nodes_hypertile.py): the queries of
 * self-attention are cut into tiles. As in ComfyUI, keys and values are cut into as many runs of
 * rows, not into tiles.
 */
export interface HyperTile {
  readonly kind: 'hyperTile';
  /** Smallest side of a tile in pixels. */
  readonly tileSize: number;
  /** Number of tile sizes that are drawn from. */
  readonly swapSize: number;
  /** Deepest level that is tiled; 0 is the level of the latent's size. */
  readonly maxDepth: number;
  /** Doubles the side of tiles on each level. */
  readonly scaleDepth: boolean;
}

/**
 * Token merging (arXiv 2303.17604; comfy_extras/nodes_tomesd.py): similar queries of self-attention
 * at the latent's size are merged.
 */
export interface TokenMerging {
  readonly kind: 'tokenMerging';
  /** Share of the tokens that are merged into others, 0..1. */
  readonly ratio: number;
}

/**
 * Normalized attention guidance (arXiv 2505.21179; comfy_extras/nodes_nag.py): in the results of
 * self-attention the positive prompt is guided away from the negative one.
 */
export interface AttentionGuidance {
  readonly kind: 'attentionGuidance';
  /** Strength; 1 does not guide. */
  readonly scale: number;
  /** Share of the guided result, 0..1. */
  readonly alpha: number;
  /** The largest size of the guided result, over that of the result. */
  readonly tau: number;
}

export type UNetPatch = FreeU | DeepShrink | HyperTile | TokenMerging | AttentionGuidance;

export type QueryPatch = HyperTile | TokenMerging;

/** What patches draw from: torch's global generator. */
export type Draws = Pick<TorchGenerator, 'randint'>;

/** Returns the patches of one kind, in their order. */
export const patchesOf = <K extends UNetPatch['kind']>(
  patches: readonly UNetPatch[],
  kind: K,
): Extract<UNetPatch, { kind: K }>[] =>
  patches.filter((patch): patch is Extract<UNetPatch, { kind: K }> => patch.kind === kind);
