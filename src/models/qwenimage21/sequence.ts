// The sequence of tokens that Qwen-Image 2.1 sees (comfy/ldm/qwen_image21/model.py): the prompt
// with each reference image in its place, then the latent. The tokens before the latent are its
// prefix.
import type { Tensor } from '../../tensor/tensor.ts';
import { gridPositions, type Position } from '../dit/rope.ts';

/** Tokens of one kind, up to the next ones. */
export interface Segment {
  /** Tokens of text see those before them; those of an image also all of the image. */
  readonly kind: 'text' | 'image';
  /** Where it begins and ends in the prefix. */
  readonly start: number;
  readonly end: number;
}

export interface Sequence {
  /** Of the prefix. */
  readonly segments: readonly Segment[];
  /** The prefix by the places of its tokens in those of the prompt and then of the references. */
  readonly order: readonly number[];
  /** Of the prefix, then of the latent: (place or frame, row, column). */
  readonly positions: readonly Position[];
}

/**
 * Returns the sequence of a prompt of `promptTokens` tokens, a latent [B, C, H, W] and references.
 * `slots`: before which token of the prompt each reference is; further ones are behind it.
 */
export function sequenceOf(
  promptTokens: number,
  latent: Tensor,
  references: readonly Tensor[],
  slots: readonly number[] = [],
): Sequence {
  const places = references.map((_, i) => slots[i] ?? promptTokens);
  const segments: Segment[] = [];
  const order: number[] = [];
  const positions: Position[] = [];
  let next = 0;
  let nextImage = promptTokens;
  const append = (kind: Segment['kind'], tokens: readonly number[]): void => {
    if (tokens.length === 0) return;
    segments.push({ kind, start: order.length, end: order.length + tokens.length });
    order.push(...tokens);
  };
  const appendText = (from: number, to: number): void => {
    const tokens = range(from, Math.max(0, to - from));
    append('text', tokens);
    positions.push(...tokens.map((_, i) => [next + i, next + i, next + i]));
    next += tokens.length;
  };
  for (const [i, reference] of references.entries()) {
    appendText(places[i - 1] ?? 0, places[i]);
    const [height, width] = reference.shape.slice(-2);
    append('image', range(nextImage, height * width));
    positions.push(...imagePositions(reference, latent, next));
    nextImage += height * width;
    next += Math.max(height, width);
  }
  appendText(places.at(-1) ?? 0, promptTokens);
  positions.push(...imagePositions(latent, latent, next));
  return { segments, order, positions };
}

const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

/** Counted from the middle, by halves where a side is odd in only one of image and latent. */
function imagePositions(image: Tensor, latent: Tensor, first: number): Position[] {
  const [rows, columns] = image.shape.slice(-2);
  const [latentRows, latentColumns] = latent.shape.slice(-2);
  const start = (count: number, ofLatent: number): number =>
    -Math.ceil(count / 2) + ((count % 2) - (ofLatent % 2)) / 2;
  return gridPositions(
    { rows, columns },
    {
      first,
      top: start(rows, latentRows),
      left: start(columns, latentColumns),
    },
  );
}
