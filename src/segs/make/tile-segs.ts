// Overlapping tiles of an image as SEGS (Impact Pack, MakeTileSEGS).
import { DarkroomError } from '../../errors.ts';
import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import { resizeMask } from '../../image/resize/impact-resize.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { cropMaskRegion, fillMaskRegion, makeCropRegion } from '../crop-region.ts';
import { segsToCombinedMask } from '../edit/segs-to-masks.ts';
import type { Region, Seg, Segs } from '../segs.ts';
import {
  irregularMask,
  irregularMaskMargin,
  type RandomInteger,
  stretchMask,
} from './irregular-mask.ts';
import { maskToSegs } from './mask-to-segs.ts';

/**
 * Side of the ragged square, and whether all tiles use the same one. As in the original, both
 * modes without reuse have the large one.
 */
export const IRREGULAR_MASK_MODES = {
  'Reuse fast': { size: 128, reuse: true },
  'Reuse quality': { size: 512, reuse: true },
  'All random fast': { size: 512, reuse: false },
  'All random quality': { size: 512, reuse: false },
} as const;

type IrregularMaskMode = (typeof IRREGULAR_MASK_MODES)[keyof typeof IRREGULAR_MASK_MODES];

export interface TileOptions {
  readonly bboxSize: number;
  readonly cropFactor: number;
  readonly minOverlap: number;
  readonly filterSegsDilation: number;
  /** 0 (straight edges) to 1. */
  readonly maskIrregularity?: number;
  readonly irregularMaskMode?: keyof typeof IRREGULAR_MASK_MODES;
  /** Tiles cover these segments, and their masks are cleared elsewhere. */
  readonly filterIn?: Segs;
  /** The tiles' masks are cleared inside these segments. */
  readonly filterOut?: Segs;
  /** Required for an irregularity above 0. */
  readonly random?: RandomInteger;
  readonly warn?: (message: string) => void;
}

/** The masks of the filters at the image's size, [height,width]. */
interface TileFilters {
  readonly include?: Tensor;
  readonly exclude?: Tensor;
}

/** How tiles cover one axis. */
interface TileAxis {
  readonly count: number;
  /** Distance between the starts of neighbouring tiles. */
  readonly step: number;
}

interface TileSize {
  readonly bboxSize: number;
  readonly minOverlap: number;
}

/**
 * MakeTileSEGS for images of `shape` [N,H,W,C]: tiles in rows from the top left. Tiles whose mask
 * is empty are dropped. Throws DR_INPUT_INVALID where the tiles cannot cover the area.
 */
export function makeTileSegs(shape: readonly number[], options: TileOptions): Segs {
  const [, height, width] = shape;
  const irregularMasks = irregularMaskSource(options);
  const { bboxSize, minOverlap } = irregularMasks
    ? withMargin(tileSize(options), irregularMasks.margin)
    : tileSize(options);
  const filters = tileFilters(width, height, options);
  const area = filters.include ? boundsOf(filters.include) : ([0, 0, width, height] as const);
  if (!area) return { height, width, segs: [] };
  const [left, top, right, bottom] = area;
  const size = limitToArea(bboxSize, Math.min(right - left, bottom - top), options.warn);
  const columns = tileAxis(right - left, size, minOverlap);
  const rows = tileAxis(bottom - top, size, minOverlap);
  const segs: Seg[] = [];
  for (let row = 0; row < rows.count; row++)
    for (let column = 0; column < columns.count; column++) {
      const [x1, x2] = tileInterval(left + column * columns.step, size, width);
      const [y1, y2] = tileInterval(top + row * rows.step, size, height);
      const seg = tileSeg(width, height, [x1, y1, x2, y2], options.cropFactor, irregularMasks);
      applyFilters(seg, filters);
      if (seg.croppedMask.data.some((v) => v !== 0)) segs.push(seg);
    }
  return { height, width, segs };
}

/** The requested size and overlap; the overlap is at most half of the size. */
function tileSize({ bboxSize, minOverlap, warn }: TileOptions): TileSize {
  if (bboxSize > 2 * minOverlap) return { bboxSize, minOverlap };
  warn?.(
    `min_overlap ${minOverlap} is more than half of bbox_size ${bboxSize}; ` +
      `${bboxSize / 2} is used`,
  );
  return { bboxSize, minOverlap: bboxSize / 2 };
}

/** Grows tiles and overlap by the margin of the ragged edges. */
const withMargin = ({ bboxSize, minOverlap }: TileSize, margin: number): TileSize => ({
  bboxSize: bboxSize + 2 * margin,
  minOverlap: minOverlap + margin,
});

function limitToArea(
  bboxSize: number,
  shorterSide: number,
  warn?: (message: string) => void,
): number {
  if (bboxSize <= shorterSide) return bboxSize;
  warn?.(
    `bbox_size ${bboxSize} is larger than the image or the filtered area; ${shorterSide} is used`,
  );
  return shorterSide;
}

/** The tiles of `size` that cover `length`. */
function tileAxis(length: number, size: number, minOverlap: number): TileAxis {
  if (size === minOverlap)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `tiles of ${size} pixels cannot overlap by ${minOverlap} pixels`,
      hint: 'Use a min_overlap that is smaller than the tiles, or a larger filtered area.',
      input: 'min_overlap',
    });
  const minCount = Math.ceil(length / (size - minOverlap));
  const count = size * minCount < length ? minCount + 1 : minCount;
  const overlap = count === 1 ? 0 : Math.trunc((size * count - length) / (count - 1));
  return { count: overlap === size ? 1 : count, step: size - overlap };
}

/** A tile's interval on an axis of `limit` pixels; the last tile ends at the limit. */
const tileInterval = (start: number, size: number, limit: number): [from: number, to: number] =>
  start + size < limit - 1 ? [start, start + size] : [limit - size, limit];

function tileFilters(width: number, height: number, options: TileOptions): TileFilters {
  const { filterIn, filterOut, filterSegsDilation } = options;
  const maskOf = (segs: Segs | undefined, input: string): Tensor | undefined =>
    segs && filterMask(segs, width, height, filterSegsDilation, input);
  const exclude = maskOf(filterOut, 'filter_out_segs_opt');
  return { include: maskOf(filterIn, 'filter_in_segs_opt'), exclude };
}

/** The segments as one mask [height,width], dilated. */
function filterMask(
  segs: Segs,
  width: number,
  height: number,
  dilation: number,
  input: string,
): Tensor {
  if (segs.height === 0 || segs.width === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${input} is an empty SEGS without an image size`,
      hint: 'Connect SEGS that were made from an image, or none.',
      input,
    });
  return dilateMask(resizeMask(segsToCombinedMask(segs), { width, height }), dilation);
}

/** The region that a mask covers; undefined if it is empty. */
const boundsOf = (mask: Tensor): Region | undefined =>
  maskToSegs(mask, { combined: true, cropFactor: 1, bboxFill: false }).segs[0]?.cropRegion;

/** Clears a tile's mask, in place, where the filters exclude it. */
function applyFilters({ croppedMask: { data }, cropRegion }: Seg, filters: TileFilters): void {
  const exclude = filters.exclude && cropMaskRegion(filters.exclude, cropRegion).data;
  const include = filters.include && cropMaskRegion(filters.include, cropRegion).data;
  for (let i = 0; i < data.length; i++)
    if ((exclude && exclude[i] !== 0) || (include && include[i] === 0)) data[i] = 0;
}

/** Makes ragged masks for tiles. */
interface IrregularMaskSource {
  /** Pixels by which a tile grows on each side. */
  readonly margin: number;
  mask(width: number, height: number): Tensor;
}

/** Undefined for straight edges. */
function irregularMaskSource(options: TileOptions): IrregularMaskSource | undefined {
  const { maskIrregularity = 0, irregularMaskMode = 'Reuse fast', random } = options;
  if (!(maskIrregularity > 0)) return undefined;
  if (!random) throw new Error('internal: irregular tiles need a random number generator');
  const { size, reuse }: IrregularMaskMode = IRREGULAR_MASK_MODES[irregularMaskMode];
  const reused = reuse ? irregularMask(size, maskIrregularity, random) : undefined;
  return {
    margin: irregularMaskMargin(size, maskIrregularity),
    mask: (width, height) =>
      stretchMask(reused ?? irregularMask(size, maskIrregularity, random), width, height),
  };
}

function tileSeg(
  width: number,
  height: number,
  bbox: Region,
  cropFactor: number,
  irregularMasks?: IrregularMaskSource,
): Seg {
  const cropRegion = makeCropRegion(width, height, bbox, cropFactor);
  const [left, top, right, bottom] = cropRegion;
  const [x1, y1, x2, y2] = bbox;
  const croppedMask = zeros([bottom - top, right - left]);
  const inside: Region = [x1 - left, y1 - top, x2 - left, y2 - top];
  if (irregularMasks) drawIrregular(croppedMask, irregularMasks.mask(x2 - x1, y2 - y1), inside);
  else fillMaskRegion(croppedMask, inside);
  return { croppedMask, confidence: 1, cropRegion, bbox, label: '' };
}

/**
 * Copies a ragged mask into the bbox and straightens its edges at the border of the crop region.
 */
function drawIrregular(mask: Tensor, ragged: Tensor, [x1, y1, x2, y2]: Region): void {
  const [height, width] = mask.shape;
  const [rows, columns] = ragged.shape;
  for (let y = 0; y < rows; y++)
    mask.data.set(ragged.data.subarray(y * columns, (y + 1) * columns), (y1 + y) * width + x1);
  const padX = Math.trunc(columns / 8);
  const padY = Math.trunc(rows / 8);
  if (x1 === 0) fillMaskRegion(mask, [0, y1, padX, y2]);
  if (y1 === 0) fillMaskRegion(mask, [x1, 0, x2, padY]);
  if (x2 === width) fillMaskRegion(mask, [padX && width - padX, y1, width, y2]);
  if (y2 === height) fillMaskRegion(mask, [x1, padY && height - padY, x2, height]);
}
