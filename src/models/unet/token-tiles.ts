// HyperTile inside a graph: tokens of an image are cut into tiles, and put back together.
import type { Graph, Value } from '../../onnx/builder.ts';
import { ELEMENT } from '../../onnx/serialize.ts';

/** Declares the input `tiles` for `count` self-attentions; returns it as integers [count, 4]. */
export const tileTable = (g: Graph, count: number): Value =>
  g.op('Cast', [g.input('tiles', [count, 4])], { to: ELEMENT.i64 });

/** Tiled tokens, and the function that puts them back together. */
export interface TiledTokens {
  /** [B*N, C], tile by tile. */
  readonly tokens: Value;
  /** The number of tiles of the whole batch, [1]. */
  readonly batch: Value;
  readonly untile: (x: Value) => Value;
}

/** Cuts tokens [B*N, C] as row `index` of the table says: down, rows, across, columns. */
export function tileTokens(
  g: Graph,
  table: Value,
  index: number,
  x: Value,
  { batch, channels }: { readonly batch: Value; readonly channels: number },
): TiledTokens {
  const row = g.op('Gather', [table, g.op('Squeeze', [g.ints([index])])], { axis: 0 });
  const [down, rows, across, columns] = [0, 1, 2, 3].map((i) =>
    g.op('Slice', [row, g.ints([i]), g.ints([i + 1])]),
  );
  const turned = (tokens: Value, ...sides: readonly Value[]): Value => {
    const shape = g.op('Concat', [g.ints([-1]), ...sides, g.ints([channels])], { axis: 0 });
    const cut = g.op('Transpose', [g.op('Reshape', [tokens, shape])], { perm: [0, 1, 3, 2, 4, 5] });
    return g.op('Reshape', [cut, g.ints([-1, channels])]);
  };
  return {
    tokens: turned(x, down, rows, across, columns),
    batch: g.op('Mul', [batch, g.op('Mul', [down, across])]),
    untile: (tokens) => turned(tokens, down, across, rows, columns),
  };
}
