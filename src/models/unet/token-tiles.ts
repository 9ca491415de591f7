// HyperTile inside a graph: tokens of an image are cut into tiles, and put back together.
import type { Graph, Value } from '../../onnx/builder.ts';
import { rowAt, sliceAt, toIndices } from './number-tables.ts';
import type { ChangedQueries, TokenSizes } from './unet-layers.ts';

/** Declares the input `tiles` for `count` self-attentions; returns it as integers [count, 4]. */
export const tileTable = (g: Graph, count: number): Value =>
  toIndices(g, g.input('tiles', [count, 4]));

/**
 * Cuts tokens [B*N, C] as row `index` of the table says: down, rows, across, columns. Returns them
 * tile by tile, with the number of tiles of the whole batch.
 */
export function tileTokens(
  g: Graph,
  table: Value,
  index: number,
  x: Value,
  { batch, channels }: TokenSizes,
): ChangedQueries {
  const row = rowAt(g, table, index);
  const [down, rows, across, columns] = [0, 1, 2, 3].map((i) => sliceAt(g, row, i));
  const turned = (tokens: Value, ...sides: readonly Value[]): Value => {
    const shape = g.op('Concat', [g.ints([-1]), ...sides, g.ints([channels])], { axis: 0 });
    const cut = g.op('Transpose', [g.op('Reshape', [tokens, shape])], { perm: [0, 1, 3, 2, 4, 5] });
    return g.op('Reshape', [cut, g.ints([-1, channels])]);
  };
  return {
    tokens: turned(x, down, rows, across, columns),
    batch: g.op('Mul', [batch, g.op('Mul', [down, across])]),
    restore: (tokens) => turned(tokens, down, across, rows, columns),
  };
}
