// SEGS: parts of a picture with a mask each, as the Impact Pack's detectors, detailers and upscalers hand them on. Immutable.
import type { Conditioning } from '../sampling/sampling-types.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Left, top, right, bottom in whole pixels; right and bottom lie outside. */
export type Region = readonly [x1: number, y1: number, x2: number, y2: number];

/** A ControlNet that waits for the picture of its part; may stand before others. */
export interface ControlNetWrapper {
  /** The picture it was given for its part, in place of the part's own. */
  readonly image?: Tensor;
  /** Puts it on both sides for `image` [N,H,W,3]; `images` are the pictures it was shown, for previews. */
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

/** One part (the original's SEG). */
export interface Seg {
  /** The picture inside cropRegion, [N,H,W,C]; without it the whole picture is cut where it is needed. */
  readonly croppedImage?: Tensor;
  /** The mask inside cropRegion, [H,W]; [N,H,W] for the frames of an animation and for merged parts. */
  readonly croppedMask: Tensor;
  readonly confidence: number;
  /** What is worked on: bbox with its surroundings. */
  readonly cropRegion: Region;
  readonly bbox: Region;
  readonly label: string;
  /** What ControlNetApplySEGS put on this part. */
  readonly controlNetWrapper?: ControlNetWrapper;
}

/** The size of the whole picture and its parts (the original's ((h, w), [SEG, …])). */
export interface Segs {
  readonly height: number;
  readonly width: number;
  readonly segs: readonly Seg[];
}

/** EmptySEGS: no parts of no picture. */
export const emptySegs = (): Segs => ({ height: 0, width: 0, segs: [] });

/** Each part replaced by what `change` makes of it. */
export const mapSegs = (segs: Segs, change: (seg: Seg, index: number) => Seg): Segs => ({
  ...segs,
  segs: segs.segs.map(change),
});
