// The positions of FLUX.1's tokens: (image, row, column), 0 for the prompt. Reference images
// (FLUX.1 Kontext and others) follow the latent; methods differ in where they are placed
// (comfy/ldm/flux/model.py).
import { DarkroomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ReferenceMethod } from '../denoiser.ts';
import { patchGrid } from '../dit/patches.ts';
import { gridPositions, type Position } from '../dit/rope.ts';
import { PATCH } from './config.ts';

/** Where an image is: its number, and its first row and column in cells of the latent. */
interface Place {
  readonly first: number;
  readonly top: number;
  readonly left: number;
}

type Placing = (
  references: readonly { readonly height: number; readonly width: number }[],
  latent: Tensor,
) => Place[];

/** Beside each other from the latent's upper left corner on, in the shorter direction. */
const offset: Placing = (references) => {
  let [height, width] = [0, 0];
  return references.map((reference) => {
    const isTall = reference.height + height > reference.width + width;
    const place = { first: 1, top: isTall ? 0 : height, left: isTall ? width : 0 };
    height = Math.max(height, reference.height + place.top);
    width = Math.max(width, reference.width + place.left);
    return place;
  });
};

/** All at the upper left corner, with numbers of their own. */
const index: Placing = (references) =>
  references.map((_, i) => ({ first: i + 1, top: 0, left: 0 }));

/** Below and to the right of the latent and of each other. */
const uxo: Placing = (references, latent) => {
  const { rows, columns } = patchGrid(latent, PATCH);
  let [top, left] = [rows * PATCH, columns * PATCH];
  return references.map(({ height, width }) => {
    const place = { first: 0, top, left };
    top += height;
    left += width;
    return place;
  });
};

const PLACING: Readonly<Record<Exclude<ReferenceMethod, 'index_timestep_zero'>, Placing>> = {
  offset,
  index,
  uxo,
  // as any other method in ComfyUI
  negative_index: offset,
};

/**
 * Returns the positions of `promptTokens` tokens, of the latent [B, C, H, W] and of references.
 * Throws DR_INPUT_INVALID for a method that FLUX.1 does not have.
 */
export function tokenPositions(
  promptTokens: number,
  latent: Tensor,
  references: readonly Tensor[],
  method: ReferenceMethod = 'offset',
): Position[] {
  if (references.length === 0) return [...promptPositions(promptTokens), ...imagePositions(latent)];
  if (method === 'index_timestep_zero')
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'FLUX.1 cannot place reference images by the method index_timestep_zero',
      hint: 'Choose offset, index or uxo/uno in FluxKontextMultiReferenceLatentMethod.',
    });
  const places = PLACING[method](
    references.map(({ shape: [, , height, width] }) => ({ height, width })),
    latent,
  );
  return [
    ...promptPositions(promptTokens),
    ...imagePositions(latent),
    ...references.flatMap((reference, i) => imagePositions(reference, places[i])),
  ];
}

const promptPositions = (count: number): Position[] =>
  Array.from({ length: count }, () => [0, 0, 0]);

const ORIGIN: Place = { first: 0, top: 0, left: 0 };

/** Offsets are rounded to patches as sizes are. */
function imagePositions(image: Tensor, { first, top, left } = ORIGIN): Position[] {
  const { rows, columns } = patchGrid(image, PATCH);
  return gridPositions(rows, columns, {
    first,
    top: Math.ceil(top / PATCH),
    left: Math.ceil(left / PATCH),
  });
}
