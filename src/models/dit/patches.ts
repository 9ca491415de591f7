// Latents [B, C, H, W] as the tokens of a transformer and back: square patches, row by row.
import { allocate } from '../../tensor/allocate.ts';
import { concatAxis, narrow } from '../../tensor/axes.ts';
import { frameCount, framesOf, stackFrames } from '../../tensor/frames.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';

/** The order of a patch's values in its token: channels outermost or innermost. */
export type PatchOrder = 'c ph pw' | 'ph pw c';

/** Patches of `side` x `side` cells. */
export interface Patches {
  readonly side: number;
  readonly order: PatchOrder;
}

/** Rows and columns of patches. */
export interface PatchGrid {
  readonly rows: number;
  readonly columns: number;
}

/** The patches of an image, or of a frame, [..., H, W]; parts of patches count. */
export function patchGrid({ shape }: Pick<Tensor, 'shape'>, side: number): PatchGrid {
  const [height, width] = shape.slice(-2);
  return { rows: Math.ceil(height / side), columns: Math.ceil(width / side) };
}

/** Where a value of a patch is in its token. */
const placeIn =
  ({ side, order }: Patches, channels: number) =>
  (c: number, y: number, x: number): number =>
    order === 'c ph pw' ? (c * side + y) * side + x : (y * side + x) * channels + c;

/**
 * Returns the tokens of images, [B, rows * columns, C * side * side]. Images that are no multiple
 * of a patch are continued to the right and below by their first columns and rows (torch's circular
 * padding).
 */
export function patchify(images: Tensor, patches: Patches): Tensor {
  const [batch, channels, height, width] = images.shape;
  const { side } = patches;
  const { rows, columns } = patchGrid(images, side);
  const size = channels * side * side;
  const place = placeIn(patches, channels);
  const out = allocate(batch * rows * columns * size);
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < rows * side; y++)
        for (let x = 0; x < columns * side; x++) {
          const token = (b * rows + Math.floor(y / side)) * columns + Math.floor(x / side);
          const from = ((b * channels + c) * height + (y % height)) * width + (x % width);
          out[token * size + place(c, y % side, x % side)] = images.data[from];
        }
  return tensor([batch, rows * columns, size], out);
}

/**
 * Returns the images [B, channels, height, width] of tokens [B, N, channels * side * side]; what is
 * beyond the image is dropped, and so are tokens beyond those of the image.
 */
export function unpatchify(
  tokens: Tensor,
  [batch, channels, height, width]: readonly number[],
  patches: Patches,
): Tensor {
  const { side } = patches;
  const columns = Math.ceil(width / side);
  const size = channels * side * side;
  const place = placeIn(patches, channels);
  const out = allocate(batch * channels * height * width);
  let at = 0;
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const token = b * tokens.shape[1] + Math.floor(y / side) * columns + Math.floor(x / side);
          out[at++] = tokens.data[token * size + place(c, y % side, x % side)];
        }
  return tensor([batch, channels, height, width], out);
}

/** Returns the tokens of latents [B, C, H, W] or [B, C, T, H, W], frame by frame. */
export const patchifyFrames = (latents: Tensor, patches: Patches): Tensor =>
  concatAxis(
    framesOf(latents).map((frame) => patchify(frame, patches)),
    1,
  );

/** Returns the latents of tokens frame by frame; but for channels they have the given shape. */
export function unpatchifyFrames(
  tokens: Tensor,
  { shape }: Pick<Tensor, 'shape'>,
  channels: number,
  patches: Patches,
): Tensor {
  const count = frameCount(shape);
  const size = tokens.shape[1] / count;
  const frames = Array.from({ length: count }, (_, i) =>
    unpatchify(
      narrow(tokens, 1, i * size, size),
      [shape[0], channels, ...shape.slice(-2)],
      patches,
    ),
  );
  return shape.length === 4 ? frames[0] : stackFrames(frames);
}
