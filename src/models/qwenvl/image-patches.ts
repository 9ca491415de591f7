// An image as the patches that the vision towers of Qwen2.5-VL and Qwen3-VL see
// (comfy/text_encoders/qwen_vl.py, process_qwen2vl_images): resized to whole groups of patches,
// normalised, each group of two by two patches together, each patch twice, as two frames of a
// video.
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type ColourNorm, NORMS } from '../vision/load.ts';

/** How a model sees images. */
export interface PatchRule {
  /** The side of a patch in pixels. */
  readonly side: number;
  readonly norm: ColourNorm;
}

export const QWEN25_PATCHES: PatchRule = { side: 14, norm: NORMS.clip };
export const QWEN3_PATCHES: PatchRule = { side: 16, norm: NORMS.siglip };

/** The side of a group in patches. */
export const GROUP = 2;
const FRAMES = 2;
const COLOURS = 3;
/** The numbers of a patch. */
export const patchWidth = ({ side }: PatchRule): number => COLOURS * FRAMES * side ** 2;

/** The groups of an image. */
export interface GroupGrid {
  readonly rows: number;
  readonly columns: number;
}

const LEAST_PIXELS = 3136;
const MOST_PIXELS = 12845056;

/** Returns how many groups an image of a size in pixels is divided into. */
export function groupGrid(height: number, width: number, { side }: PatchRule): GroupGrid {
  const groupSide = side * GROUP;
  const rounded = [height, width].map((pixels) => roundHalfEven(pixels / groupSide));
  const pixels = rounded[0] * rounded[1] * groupSide ** 2;
  const scaled = (limit: number, round: (groups: number) => number): number[] => {
    const factor = Math.sqrt(limit / (height * width));
    return [height, width].map((own) => round((own * factor) / groupSide));
  };
  const [rows, columns] =
    pixels > MOST_PIXELS
      ? scaled(MOST_PIXELS, (groups) => Math.max(1, Math.floor(groups)))
      : pixels < LEAST_PIXELS
        ? scaled(LEAST_PIXELS, Math.ceil)
        : rounded;
  return { rows, columns };
}

/** Returns the patches [N, patchWidth] of an image [1, C, H, W] in 0..1, group by group. */
export function imagePatches(image: Tensor, { rows, columns }: GroupGrid, rule: PatchRule): Tensor {
  const { side } = rule;
  const [height, width] = [rows * side * GROUP, columns * side * GROUP];
  const { data } = interpolate(image, { height, width }, 'bilinear');
  const [mean, deviation] = [rule.norm.mean, rule.norm.deviation].map((all) =>
    all.map(Math.fround),
  );
  const each = patchWidth(rule);
  const out = allocate(rows * columns * GROUP ** 2 * each);
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let part = 0; part < GROUP ** 2; part++) {
        const top = (row * GROUP + Math.floor(part / GROUP)) * side;
        const left = (column * GROUP + (part % GROUP)) * side;
        for (let c = 0; c < COLOURS; c++)
          for (let frame = 0; frame < FRAMES; frame++)
            for (let y = top; y < top + side; y++)
              for (let x = left; x < left + side; x++) {
                const value = data[(c * height + y) * width + x];
                out[at++] = Math.fround(value - mean[c]) / deviation[c];
              }
      }
  return tensor([out.length / each, each], out);
}
