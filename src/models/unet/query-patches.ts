// HyperTile and token merging: which self-attentions they change in one evaluation, and the numbers
// that the graph needs for it. Both change the tokens that queries are computed from.
import { DarkroomError } from '../../errors.ts';
import type { Size } from '../../image/geometry.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { mergeInputs, mergeOrder } from './token-merging.ts';
import type { Draws, HyperTile, QueryPatch, TokenMerging } from './unet-patch.ts';

/** What is done to the queries of a self-attention. */
export type QueryChange = 'tiled' | 'merged';

interface QueryPlan {
  /** By the index of the self-attention in the order of evaluation. */
  readonly changes: ReadonlyMap<number, QueryChange>;
  readonly inputs: Record<string, Tensor>;
}

/** Tiles down and across, and rows and columns in a tile: [down, rows, across, columns]. */
type Tiling = readonly [number, number, number, number];

/**
 * Plans one evaluation of an input of `size`; `attentions` are the sizes of the self-attentions.
 * Draws in the original's order. Throws DR_INPUT_INVALID where the original fails.
 */
export function planQueries(
  patches: readonly QueryPatch[],
  size: Size,
  attentions: readonly Size[],
  draws: Draws | undefined,
): QueryPlan {
  const changes = new Map<number, QueryChange>();
  const tilings: Tiling[] = [];
  const orders: Int32Array[] = [];
  let merged = 0;
  for (const [index, { width, height }] of attentions.entries()) {
    let tokens = width * height;
    for (const patch of patches)
      if (patch.kind === 'hyperTile') {
        const tiling = tilingOf(patch, size, tokens, draws);
        if (!tiling) continue;
        checkUnchanged(changes, index);
        changes.set(index, 'tiled');
        tilings.push(tiling);
        tokens = tiling[1] * tiling[3];
      } else {
        const count = mergedCount(patch, size, tokens);
        if (count === 0) continue;
        checkUnchanged(changes, index);
        changes.set(index, 'merged');
        orders.push(mergeOrder(size, tokens, drawsOf(draws)));
        merged = count;
        tokens -= Math.min(count, tokens - destinations(size));
      }
  }
  return {
    changes,
    inputs: {
      ...(tilings.length > 0 && {
        tiles: tensor([tilings.length, 4], Float32Array.from(tilings.flat())),
      }),
      ...(orders.length > 0 && mergeInputs(orders, destinations(size), merged)),
    },
  };
}

function drawsOf(draws: Draws | undefined): Draws {
  if (!draws) throw new Error('internal: an evaluation without draws');
  return draws;
}

/** Number of tokens that others are merged into: one of each 2x2. */
const destinations = ({ width, height }: Size): number => (width >> 1) * (height >> 1);

function checkUnchanged(changes: ReadonlyMap<number, QueryChange>, index: number): void {
  if (!changes.has(index)) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: 'two of the patches HyperTile and TomePatchModel change the same self-attention',
    hint: 'Remove one of them, or use another tile_size, max_depth or ratio.',
  });
}

/** Returns how HyperTile cuts a self-attention; undefined where it does not. */
function tilingOf(
  patch: HyperTile,
  { width, height }: Size,
  tokens: number,
  draws: Draws | undefined,
): Tiling | undefined {
  const depths = Array.from({ length: patch.maxDepth + 1 }, (_, i) => i);
  const depth = depths.find((i) => (height / 2 ** i) * (width / 2 ** i) === tokens);
  if (depth === undefined) return undefined;
  const least = (Math.max(32, patch.tileSize) >> 3) * (patch.scaleDepth ? 2 ** depth : 1);
  // As in the original, the first of these is the longer side of a wide image.
  const aspect = width / height;
  const [first, second] = [tokens * aspect, tokens / aspect].map((square) =>
    roundHalfEven(Math.sqrt(square)),
  );
  const down = drawDivision(first, least, patch.swapSize, draws);
  const across = drawDivision(second, least, patch.swapSize, draws);
  if (down * across === 1) return undefined;
  if (first * second !== tokens)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `HyperTile cannot cut ${tokens} tokens of a ${width}x${height} latent into tiles`,
      hint: 'Use an image whose sides are multiples of 64, or a max_depth of 0.',
      input: 'max_depth',
    });
  return [down, first / down, across, second / across];
}

/** Draws one of the numbers of parts of at least `least` that `length` can be divided into. */
function drawDivision(
  length: number,
  least: number,
  options: number,
  draws: Draws | undefined,
): number {
  const divisions: number[] = [];
  for (let side = Math.min(least, length); side <= length; side++)
    if (length % side === 0 && divisions.length < options) divisions.push(length / side);
  if (divisions.length < 2) return divisions[0];
  return divisions[Number(drawsOf(draws).randint(0, divisions.length - 1, 1)[0])];
}

/** Returns how many tokens are merged into others; 0 where token merging does nothing. */
function mergedCount({ ratio }: TokenMerging, { width, height }: Size, tokens: number): number {
  const whole = width * height;
  const shrunkBy = Math.ceil(Math.sqrt(Math.floor(whole / tokens)));
  const count = Math.trunc(tokens * ratio);
  if (shrunkBy > 1) return 0;
  if (shrunkBy === 1 && (count <= 0 || width === 1 || height === 1)) return 0;
  if (tokens === whole) return count;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message:
      `TomePatchModel cannot merge ${tokens} tokens of a ${width}x${height} latent, ` +
      'which PatchModelAddDownscale has resized',
    hint: 'Remove one of the two, or use a downscale_factor of 2 or more.',
  });
}
