// Where the patches of a latent are in MMDiT's table of positions; and positions that are computed,
// for networks without a table (comfy/ldm/modules/diffusionmodules/mmdit.py, cropped_pos_embed and
// get_2d_sincos_pos_embed_torch).
import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { linspace } from '../../tensor/float32/linspace.ts';
import { pow } from '../../tensor/float32/sleef.ts';
import { cos, sin } from '../../tensor/float32/trigonometry.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';

/** Rows and columns of patches. */
export interface PatchGrid {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Returns the rows, [rows * columns], of a table of `side` x `side` positions for patches in its
 * middle. Throws DR_INPUT_INVALID for a grid that is larger than the table; `name` and `patch`, the
 * side of a patch in pixels, are for the message.
 */
export function tablePlaces(
  { rows, columns }: PatchGrid,
  side: number,
  { name, patch }: { readonly name: string; readonly patch: number },
): Tensor {
  if (rows > side || columns > side)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        `${name} supports images of up to ${side * patch} pixels a side, ` +
        `got ${columns * patch} x ${rows * patch}`,
      hint: 'Use a smaller latent.',
      input: 'latent_image',
    });
  const top = Math.floor((side - rows) / 2);
  const left = Math.floor((side - columns) / 2);
  const places = allocate(rows * columns);
  for (let i = 0; i < places.length; i++)
    places[i] = (top + Math.floor(i / columns)) * side + left + (i % columns);
  return tensor([places.length], places);
}

/** The middle of the shorter side, and half its length. */
const CENTRE = 7.5;

const PERIOD = 10000;

/** Returns sines and cosines of the columns, then of the rows, [rows * columns, width]. */
export function sincosPositions({ rows, columns }: PatchGrid, width: number): Tensor {
  const shorter = Math.min(rows, columns);
  const along = (count: number): Float32Array => {
    const reach = (count / shorter) * CENTRE;
    return linspace(CENTRE - reach, CENTRE + reach, count);
  };
  const [ys, xs] = [along(rows), along(columns)];
  const frequencies = frequenciesOf(width / 4);
  const out = allocate(rows * columns * width);
  const embed = (at: number, position: number): void => {
    for (const [i, frequency] of frequencies.entries()) {
      const angle = Math.fround(position * frequency);
      out[at + i] = sin(angle);
      out[at + frequencies.length + i] = cos(angle);
    }
  };
  for (let i = 0; i < rows * columns; i++) {
    embed(i * width, xs[i % columns]);
    embed(i * width + width / 2, ys[Math.floor(i / columns)]);
  }
  return tensor([rows * columns, width], out);
}

/** 1 / 10000 ** (i / count), in float32. */
const frequenciesOf = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 1 / pow(PERIOD, Math.fround(i / count)));
