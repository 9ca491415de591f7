// A picture cut into overlapping tiles as SEGS (Impact Pack, MakeTileSEGS).
import { DarkroomError } from '../../errors.ts';
import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import { resizeMask } from '../../image/resize/common-upscale.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { cropMaskRegion, makeCropRegion, pythonSlice } from '../crop-region.ts';
import { segsToCombinedMask } from '../edit/segs-to-masks.ts';
import type { Region, Seg, Segs } from '../segs.ts';
import { irregularMask, type RandomInteger, stretchMask } from './irregular-mask.ts';
import { maskToSegs } from './mask-to-segs.ts';

/** Side of the ragged square and whether one serves all tiles. As in the original both random modes have the fine one. */
export const IRREGULAR_MASK_MODES = {
  'Reuse fast': { size: 128, reuse: true },
  'Reuse quality': { size: 512, reuse: true },
  'All random fast': { size: 512, reuse: false },
  'All random quality': { size: 512, reuse: false },
} as const;

export interface TileOptions {
  readonly bboxSize: number;
  readonly cropFactor: number;
  readonly minOverlap: number;
  readonly filterSegsDilation: number;
  /** 0 (straight edges) to 1. */
  readonly maskIrregularity?: number;
  readonly irregularMaskMode?: keyof typeof IRREGULAR_MASK_MODES;
  /** Tiles lie over these parts and show nothing else. */
  readonly filterIn?: Segs;
  /** Tiles leave these parts out. */
  readonly filterOut?: Segs;
  /** Needed for an irregularity above 0. */
  readonly random?: RandomInteger;
  readonly warn?: (message: string) => void;
}

interface Grid {
  readonly count: number;
  readonly step: number;
}

/** How many tiles of `size` cover `length`, and how far apart they begin. */
function gridOf(length: number, size: number, minOverlap: number): Grid {
  if (size === minOverlap)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `tiles of ${size} pixels cannot overlap by ${minOverlap}`,
      hint: 'make min_overlap smaller than the tiles, or the filtered part larger',
      input: 'min_overlap',
    });
  const wanted = Math.ceil(length / (size - minOverlap));
  const count = size * wanted < length ? wanted + 1 : wanted;
  const overlap = count === 1 ? 0 : Math.trunc((size * count - length) / (count - 1));
  return { count: overlap === size ? 1 : count, step: size - overlap };
}

/** The parts joined to one mask of `width` x `height`, grown: [height,width]. */
function filterMask(
  segs: Segs,
  width: number,
  height: number,
  dilation: number,
  input: string,
): Tensor {
  if (segs.height === 0 || segs.width === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${input} is an empty SEGS of no picture`,
      hint: 'connect SEGS that were made from a picture, or none',
      input,
    });
  return dilateMask(resizeMask(segsToCombinedMask(segs), width, height), dilation);
}

/** Sets the stretch that numpy's `mask[y1:y2, x1:x2] = 1` does. */
function fill({ shape, data }: Tensor, [x1, y1, x2, y2]: Region): void {
  const [left, right] = pythonSlice(x1, x2, shape[1]);
  const [top, bottom] = pythonSlice(y1, y2, shape[0]);
  for (let y = top; y < bottom; y++) data.fill(1, y * shape[1] + left, y * shape[1] + right);
}

/** Lays `patch` over the bbox and straightens its edge where it meets the crop region's. */
function drawIrregular(mask: Tensor, patch: Tensor, [x1, y1, x2, y2]: Region): void {
  const [height, width] = mask.shape;
  const [rows, columns] = patch.shape;
  for (let y = 0; y < rows; y++)
    mask.data.set(patch.data.subarray(y * columns, (y + 1) * columns), (y1 + y) * width + x1);
  const padX = Math.trunc(columns / 8);
  const padY = Math.trunc(rows / 8);
  if (x1 === 0) fill(mask, [0, y1, padX, y2]);
  if (y1 === 0) fill(mask, [x1, 0, x2, padY]);
  if (x2 === width) fill(mask, [padX && width - padX, y1, width, y2]);
  if (y2 === height) fill(mask, [x1, padY && height - padY, x2, height]);
}

/** MakeTileSEGS for images of `shape` [N,H,W,C]: tiles row by row, those left without a mask dropped. */
export function makeTileSegs(shape: readonly number[], options: TileOptions): Segs {
  const [, height, width] = shape;
  const {
    cropFactor,
    filterSegsDilation,
    maskIrregularity = 0,
    filterIn,
    filterOut,
    warn,
  } = options;
  const mode = IRREGULAR_MASK_MODES[options.irregularMaskMode ?? 'Reuse fast'];
  let { bboxSize, minOverlap } = options;
  if (bboxSize <= 2 * minOverlap) {
    warn?.(
      `min_overlap ${minOverlap} is more than half of bbox_size ${bboxSize}; ${bboxSize / 2} is used`,
    );
    minOverlap = bboxSize / 2;
  }
  const patch = maskIrregularity > 0 ? patches(mode, maskIrregularity, options.random) : undefined;
  if (patch) {
    const extra = Math.max(6, Math.trunc((mode.size * maskIrregularity) / 4));
    minOverlap += extra;
    bboxSize += 2 * extra;
  }
  const exclude =
    filterOut && filterMask(filterOut, width, height, filterSegsDilation, 'filter_out_segs_opt');
  const include =
    filterIn && filterMask(filterIn, width, height, filterSegsDilation, 'filter_in_segs_opt');
  let area: Region = [0, 0, width, height];
  if (include) {
    const around = maskToSegs(include, { combined: true, cropFactor: 1, bboxFill: false });
    if (!around.segs.length) return around;
    area = around.segs[0].cropRegion;
  }
  const areaWidth = area[2] - area[0];
  const areaHeight = area[3] - area[1];
  if (bboxSize > Math.min(areaWidth, areaHeight)) {
    warn?.(
      `bbox_size ${bboxSize} is more than the picture or the filtered part has; ${Math.min(areaWidth, areaHeight)} is used`,
    );
    bboxSize = Math.min(areaWidth, areaHeight);
  }
  const across = gridOf(areaWidth, bboxSize, minOverlap);
  const down = gridOf(areaHeight, bboxSize, minOverlap);
  const place = (at: number, limit: number): [number, number] =>
    at + bboxSize < limit - 1 ? [at, at + bboxSize] : [limit - bboxSize, limit];
  const segs: Seg[] = [];
  for (let j = 0; j < down.count; j++)
    for (let i = 0; i < across.count; i++) {
      const [x1, x2] = place(area[0] + i * across.step, width);
      const [y1, y2] = place(area[1] + j * down.step, height);
      const seg = tile(width, height, [x1, y1, x2, y2], cropFactor, patch);
      const { data } = seg.croppedMask;
      const hide = exclude && cropMaskRegion(exclude, seg.cropRegion).data;
      const show = include && cropMaskRegion(include, seg.cropRegion).data;
      for (let k = 0; k < data.length; k++)
        if ((hide && hide[k] !== 0) || (show && show[k] === 0)) data[k] = 0;
      if (data.some((v) => v !== 0)) segs.push(seg);
    }
  return { height, width, segs };
}

type Patch = (width: number, height: number) => Tensor;

function patches(
  mode: { readonly size: number; readonly reuse: boolean },
  irregularity: number,
  random?: RandomInteger,
): Patch {
  if (!random) throw new Error('internal: irregular tiles without a source of random numbers');
  const kept = mode.reuse ? irregularMask(mode.size, irregularity, random) : undefined;
  return (width, height) =>
    stretchMask(kept ?? irregularMask(mode.size, irregularity, random), width, height);
}

function tile(width: number, height: number, bbox: Region, cropFactor: number, patch?: Patch): Seg {
  const cropRegion = makeCropRegion(width, height, bbox, cropFactor);
  const [left, top, right, bottom] = cropRegion;
  const [x1, y1, x2, y2] = bbox;
  const croppedMask = zeros([bottom - top, right - left]);
  const inside: Region = [x1 - left, y1 - top, x2 - left, y2 - top];
  if (patch) drawIrregular(croppedMask, patch(x2 - x1, y2 - y1), inside);
  else fill(croppedMask, inside);
  return { croppedMask, confidence: 1, cropRegion, bbox, label: '' };
}
