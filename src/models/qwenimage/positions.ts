// The positions of Qwen-Image's tokens: (frame, row, column), counted from the middle of an image.
// The prompt's tokens follow the latent on all axes; reference images have frames of their own
// (comfy/ldm/qwen_image/model.py).
import { frameCount } from '../../tensor/frames.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ReferenceMethod } from '../denoiser.ts';
import { patchGrid } from '../dit/patches.ts';
import { gridPositions, type Position } from '../dit/rope.ts';
import { PATCH } from './config.ts';

/** Where an image is: its frame, and how far it is moved, in cells of the latent. */
interface Place {
  readonly frame: number;
  readonly top: number;
  readonly left: number;
}

type Placing = (references: readonly Tensor[]) => Place[];

const inFrames =
  (step: number): Placing =>
  (references) =>
    references.map((_, i) => ({ frame: step * (i + 1), top: 0, left: 0 }));

/** Beside each other in the shorter direction. */
const offset: Placing = (references) => {
  let [height, width] = [0, 0];
  return references.map(({ shape }) => {
    const [h, w] = shape.slice(-2);
    const isTall = h + height > w + width;
    const place = { frame: 1, top: isTall ? 0 : height, left: isTall ? width : 0 };
    height = Math.max(height, h + place.top);
    width = Math.max(width, w + place.left);
    return place;
  });
};

const PLACING: Readonly<Record<ReferenceMethod, Placing>> = {
  index: inFrames(1),
  index_timestep_zero: inFrames(1),
  negative_index: inFrames(-1),
  offset,
  // ComfyUI knows no such method here and takes its default
  uxo: offset,
};

/**
 * Returns the positions of `promptTokens` tokens, of the latent [B, C, T, H, W] and of references.
 */
export function tokenPositions(
  promptTokens: number,
  latent: Tensor,
  references: readonly Tensor[],
  method: ReferenceMethod,
): Position[] {
  const places = PLACING[method](references);
  return [
    ...promptPositions(promptTokens, latent),
    ...imagePositions(latent, { frame: 0, top: 0, left: 0 }),
    ...references.flatMap((reference, i) => imagePositions(reference, places[i])),
  ];
}

function promptPositions(count: number, latent: Tensor): Position[] {
  const { rows, columns } = patchGrid(latent, PATCH);
  const start = Math.max(Math.floor(rows / 2), Math.floor(columns / 2));
  return Array.from({ length: count }, (_, i) => [start + i, start + i, start + i]);
}

/** Frames after the first are counted from 0 and not from the image's place. */
function imagePositions(image: Tensor, { frame, top, left }: Place): Position[] {
  const grid = patchGrid(image, PATCH);
  const frames = frameCount(image.shape);
  return Array.from({ length: frames }, (_, i) =>
    gridPositions(grid, {
      first: frames > 1 ? i : frame,
      top: Math.ceil(top / PATCH) - Math.floor(grid.rows / 2),
      left: Math.ceil(left / PATCH) - Math.floor(grid.columns / 2),
    }),
  ).flat();
}
