// SEGS: parts of an image, each with a mask, as the Impact Pack's detectors, detailers and
// upscalers exchange them. All values are immutable.
import type { Conditioning } from '../sampling/sampling-types.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Left, top, right, bottom in whole pixels; right and bottom are exclusive. */
export type Region = readonly [x1: number, y1: number, x2: number, y2: number];

/**
 * A ControlNet that is applied when its segment's image has been cropped. Wrappers can be chained.
 */
export interface ControlNetWrapper {
  /** The control image of the segment; the segment's own image is used if there is none. */
  readonly image?: Tensor;
  /**
   * Adds the ControlNet to both prompts for `image` [N,H,W,3]. `images` are the control images of
   * this wrapper and those chained before it, for previews.
   */
  apply(
    positive: Conditioning,
    negative: Conditioning,
    image: Tensor,
    mask?: Tensor,
  ): {
    readonly positive: Conditioning;
    readonly negative: Conditioning;
    readonly images: readonly Tensor[];
  };
}

/** One segment (the original's SEG). */
export interface Seg {
  /** The image inside cropRegion, [N,H,W,C]; if absent, it is cropped from the whole image. */
  readonly croppedImage?: Tensor;
  /** The mask inside cropRegion, [H,W]; [N,H,W] for an animation's frames and for merged SEGS. */
  readonly croppedMask: Tensor;
  /** 0..1 */
  readonly confidence: number;
  /** The region that is processed: the bbox and its surroundings. */
  readonly cropRegion: Region;
  readonly bbox: Region;
  readonly label: string;
  /** Set by ControlNetApplySEGS. */
  readonly controlNetWrapper?: ControlNetWrapper;
}

/** The size of the whole image and its segments (the original's ((h, w), [SEG, …])). */
export interface Segs {
  readonly height: number;
  readonly width: number;
  readonly segs: readonly Seg[];
}

/** EmptySEGS: no segments, and an image size of 0x0. */
export const emptySegs = (): Segs => ({ height: 0, width: 0, segs: [] });

/** Replaces each segment by the result of `change`. */
export const mapSegs = (segs: Segs, change: (seg: Seg, index: number) => Seg): Segs => ({
  ...segs,
  segs: segs.segs.map(change),
});
