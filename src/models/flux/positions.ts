// The positions of FLUX's tokens: (image, row, column), 0 for the prompt, whose tokens FLUX.2
// counts on a fourth axis and LongCat-Image on those of rows and columns. Reference images (FLUX.1 Kontext, FLUX.2) follow the latent; methods
// differ in where they are placed (comfy/ldm/flux/model.py).
import { DarkroomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ReferenceMethod } from '../denoiser.ts';
import { patchGrid } from '../dit/patches.ts';
import { gridPositions, type Position } from '../dit/rope.ts';
import type { FluxVersion } from './config.ts';

/** Where an image is: its number, and its first row and column. */
interface Place {
  readonly first: number;
  readonly top: number;
  readonly left: number;
}

/** Places images, in cells of the latent, which are rounded to patches as sizes are. */
type Placing = (
  references: readonly { readonly height: number; readonly width: number }[],
  latent: Tensor,
  version: FluxVersion,
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
const index: Placing = (references, _, { references: { distance } }) =>
  references.map((_one, i) => ({ first: (i + 1) * distance, top: 0, left: 0 }));

/** Below and to the right of the latent and of each other. */
const uxo: Placing = (references, latent, { patch }) => {
  const { rows, columns } = patchGrid(latent, patch);
  let [top, left] = [rows * patch, columns * patch];
  return references.map(({ height, width }) => {
    const place = { first: 0, top, left };
    top += height;
    left += width;
    return place;
  });
};

const PLACING: Readonly<Record<ReferenceMethod, Placing>> = {
  offset,
  index,
  uxo,
  // as any other method in ComfyUI
  negative_index: offset,
  index_timestep_zero: index,
};

/**
 * Returns the positions of `promptTokens` tokens, of the latent [B, C, H, W] and of references.
 * Throws DR_INPUT_INVALID for a method that the network does not have.
 */
export function tokenPositions(
  version: FluxVersion,
  promptTokens: number,
  latent: Tensor,
  references: readonly Tensor[] = [],
  method: ReferenceMethod = version.references.method,
): Position[] {
  const { name, patch } = version;
  const start: Place = version.imagesFollowPrompt
    ? { first: 1, top: promptTokens, left: promptTokens }
    : ORIGIN;
  const positionsOf = (image: Tensor, { first, top, left } = ORIGIN): Position[] =>
    imagePositions(patch, image, {
      first: start.first + first,
      top: start.top + Math.ceil(top / patch),
      left: start.left + Math.ceil(left / patch),
    });
  const own = [...promptPositions(version, promptTokens), ...positionsOf(latent)];
  if (references.length === 0) return own;
  if (method === 'index_timestep_zero' && !version.references.hasTimeZero)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${name} cannot place reference images by the method index_timestep_zero`,
      hint: 'Choose offset, index or uxo/uno in FluxKontextMultiReferenceLatentMethod.',
    });
  const places = PLACING[method](
    references.map(({ shape: [, , height, width] }) => ({ height, width })),
    latent,
    version,
  );
  return [...own, ...references.flatMap((reference, i) => positionsOf(reference, places[i]))];
}

const promptPositions = ({ promptAxes }: FluxVersion, count: number): Position[] =>
  Array.from({ length: count }, (_, i) => {
    const position = [0, 0, 0];
    for (const axis of promptAxes) position[axis] = i;
    return position;
  });

const ORIGIN: Place = { first: 0, top: 0, left: 0 };

/** The positions of an image's patches; `place` is in patches. */
const imagePositions = (patch: number, image: Tensor, place: Place): Position[] =>
  gridPositions(patchGrid(image, patch), place);
