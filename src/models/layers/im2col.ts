// Where convolutions that are products of matrices read and write: rows of pictures [B H W, C]. The tables follow from a picture's size alone, so
// that all layers of one size share them.
import type { Graph, Value } from '../../onnx/builder.ts';

type Order = 'places first' | 'windows first';

export interface Im2colTables {
  /**
   * For each place of each window of `side` x `side` pixels the row that it takes; one past the last is outside of the picture. Windows begin
   * `before` the picture and at every `step`. [side, side, B, down, across] when places come first, else [B, down, across, side, side].
   */
  windows(of: {
    readonly side: number;
    readonly step: number;
    readonly before: number;
    readonly order: Order;
  }): Value;
  /** [B, H, W]: which row of [side, side, B, down, across] each pixel is, when pictures are cut into tiles of `side` x `side`. */
  pixels(side: number): Value;
}

/** Of pictures of the size of x [B, C, H, W]. */
export function im2colTables(g: Graph, x: Value): Im2colTables {
  const known = new Map<string, Value>();
  const once = (key: string, make: () => Value): Value => {
    const value = known.get(key) ?? make();
    known.set(key, value);
    return value;
  };
  const number = (n: number): Value => once(`${n}`, () => g.op('Squeeze', [g.ints([n])]));
  const size = (axis: number): Value =>
    once(`axis ${axis}`, () =>
      g.op('Squeeze', [g.op('Shape', [x], { start: axis, end: axis + 1 })]),
    );
  const times = (...values: Value[]): Value =>
    values.reduce((product, value) => g.op('Mul', [product, value]));
  const plus = (...values: Value[]): Value =>
    values.reduce((sum, value) => g.op('Add', [sum, value]));
  /** 0, 1 … along one of the axes. */
  const along = (count: Value, axis: number, axes: number): Value => {
    const steps = g.op('Range', [number(0), count, number(1)]);
    return g.op('Reshape', [
      steps,
      g.ints(Array.from({ length: axes }, (_, i) => (i === axis ? -1 : 1))),
    ]);
  };
  const rowOf = (picture: Value, y: Value, at: Value, [height, width]: readonly Value[]): Value =>
    plus(times(plus(times(picture, height), y), width), at);
  const sizes = (): Value[] => [size(2), size(3)];

  return {
    windows: ({ side, step, before, order }) =>
      once(`windows ${side} ${step} ${before} ${order}`, () => {
        const [picture, first, place] = order === 'places first' ? [2, 3, 0] : [0, 1, 3];
        const position = (axis: number): Value => {
          const count = g.op('Div', [plus(sizes()[axis], number(step - 1)), number(step)]);
          return plus(
            times(along(count, first + axis, 5), number(step)),
            along(number(side), place + axis, 5),
            number(-before),
          );
        };
        const [y, at] = [position(0), position(1)];
        const inside = (p: Value, end: Value): Value =>
          g.op('And', [g.op('GreaterOrEqual', [p, number(0)]), g.op('Less', [p, end])]);
        const within = g.op('And', [inside(y, size(2)), inside(at, size(3))]);
        return g.op('Where', [
          within,
          rowOf(along(size(0), picture, 5), y, at, sizes()),
          times(size(0), size(2), size(3)),
        ]);
      }),
    pixels: (side) =>
      once(`pixels ${side}`, () => {
        const [y, at] = [along(size(2), 1, 3), along(size(3), 2, 3)];
        const tile = (p: Value): Value => g.op('Div', [p, number(side)]);
        const rest = (p: Value): Value => g.op('Mod', [p, number(side)]);
        const tiles = sizes().map((count) => tile(plus(count, number(side - 1))));
        const place = plus(times(rest(y), number(side)), rest(at));
        return plus(
          times(place, size(0), ...tiles),
          rowOf(along(size(0), 0, 3), tile(y), tile(at), tiles),
        );
      }),
  };
}

/** Rows of pictures [B, C, H, W], with one more of `outside` [1, C]. */
export function pixelRows(g: Graph, x: Value, channels: number, outside: Value): Value {
  const rows = g.op('Reshape', [
    g.op('Transpose', [x], { perm: [0, 2, 3, 1] }),
    g.ints([-1, channels]),
  ]);
  return g.op('Concat', [rows, outside], { axis: 0 });
}
