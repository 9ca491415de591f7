// An image as the patches that the vision tower of Qwen2.5-VL sees (comfy/text_encoders/qwen_vl.py,
// process_qwen2vl_images): resized to whole groups of patches, normalised as CLIP's, each group of
// two by two patches together, each patch twice, as two frames of a video.
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { NORMS } from '../vision/load.ts';

/** The side of a patch in pixels. */
export const PATCH = 14;
/** The side of a group in patches. */
export const GROUP = 2;
const FRAMES = 2;
const COLOURS = 3;
/** The numbers of a patch. */
export const PATCH_WIDTH = COLOURS * FRAMES * PATCH ** 2;

const [MEAN, DEVIATION] = [NORMS.clip.mean, NORMS.clip.deviation].map((values) =>
  values.map(Math.fround),
);

/** The groups of an image. */
export interface GroupGrid {
  readonly rows: number;
  readonly columns: number;
}

const SIDE = PATCH * GROUP;
const LEAST_PIXELS = 3136;
const MOST_PIXELS = 12845056;

/** Returns how many groups an image of a size in pixels is divided into. */
export function groupGrid(height: number, width: number): GroupGrid {
  const rounded = [height, width].map((side) => roundHalfEven(side / SIDE));
  const pixels = rounded[0] * rounded[1] * SIDE ** 2;
  const scaled = (limit: number, round: (groups: number) => number): number[] => {
    const factor = Math.sqrt(limit / (height * width));
    return [height, width].map((side) => round((side * factor) / SIDE));
  };
  const [rows, columns] =
    pixels > MOST_PIXELS
      ? scaled(MOST_PIXELS, (groups) => Math.max(1, Math.floor(groups)))
      : pixels < LEAST_PIXELS
        ? scaled(LEAST_PIXELS, Math.ceil)
        : rounded;
  return { rows, columns };
}

/** Returns the patches [N, PATCH_WIDTH] of an image [1, C, H, W] in 0..1, group by group. */
export function imagePatches(image: Tensor, { rows, columns }: GroupGrid): Tensor {
  const [height, width] = [rows * SIDE, columns * SIDE];
  const { data } = interpolate(image, { height, width }, 'bilinear');
  const out = allocate(rows * columns * GROUP ** 2 * PATCH_WIDTH);
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let part = 0; part < GROUP ** 2; part++) {
        const top = (row * GROUP + Math.floor(part / GROUP)) * PATCH;
        const left = (column * GROUP + (part % GROUP)) * PATCH;
        for (let c = 0; c < COLOURS; c++)
          for (let frame = 0; frame < FRAMES; frame++)
            for (let y = top; y < top + PATCH; y++)
              for (let x = left; x < left + PATCH; x++) {
                const value = data[(c * height + y) * width + x];
                out[at++] = Math.fround(value - MEAN[c]) / DEVIATION[c];
              }
      }
  return tensor([out.length / PATCH_WIDTH, PATCH_WIDTH], out);
}
