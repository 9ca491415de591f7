// Index tables of convolutions that are computed as matrix products: which rows of images [B H W,
// C] they read and write (im2col). The tables depend on the image size alone, so that all layers of
// one size share them.
import type { Graph, Value } from '../../onnx/builder.ts';

export interface WindowOptions {
  /** The side of a window in pixels. */
  readonly side: number;
  /** The distance between windows. */
  readonly step: number;
  /** Pixels of the first window before the image. */
  readonly before: number;
  readonly order: 'positions first' | 'windows first';
}

export interface Im2colTables {
  /**
   * Returns the row that each position of each window reads; the row after the last one is outside
   * of the image. [side, side, B, down, across] with positions first, else [B, down, across, side,
   * side].
   */
  windows(options: WindowOptions): Value;
  /**
   * Returns [B, H, W]: the row of [side, side, B, down, across] that each pixel is, when images are
   * cut into tiles of `side` x `side`.
   */
  pixels(side: number): Value;
}

/** Returns the tables for images of the size of x [B, C, H, W]. */
export function im2colTables(g: Graph, x: Value): Im2colTables {
  const tables = new Map<string, Value>();
  const once = (key: string, make: () => Value): Value => {
    const value = tables.get(key) ?? make();
    tables.set(key, value);
    return value;
  };
  const numbers: Numbers = {
    g,
    constant: (n) => once(`${n}`, () => g.op('Squeeze', [g.ints([n])])),
    size: (axis) =>
      once(`axis ${axis}`, () =>
        g.op('Squeeze', [g.op('Shape', [x], { start: axis, end: axis + 1 })]),
      ),
  };
  return {
    windows: (options) => {
      const { side, step, before, order } = options;
      return once(`windows ${side} ${step} ${before} ${order}`, () =>
        windowTable(numbers, options),
      );
    },
    pixels: (side) => once(`pixels ${side}`, () => pixelTable(numbers, side)),
  };
}

/** Integers in a graph. */
interface Numbers {
  readonly g: Graph;
  constant(n: number): Value;
  /** Returns the image's size along an axis of [B, C, H, W]. */
  size(axis: number): Value;
}

const BATCH = 0;
const HEIGHT = 2;
const WIDTH = 3;

const product = ({ g }: Numbers, ...values: Value[]): Value =>
  values.reduce((result, value) => g.op('Mul', [result, value]));

const sum = ({ g }: Numbers, ...values: Value[]): Value =>
  values.reduce((result, value) => g.op('Add', [result, value]));

/** Returns 0, 1 … `count` - 1 along one of `axes` axes. */
function range({ g, constant }: Numbers, count: Value, axis: number, axes: number): Value {
  const steps = g.op('Range', [constant(0), count, constant(1)]);
  const shape = Array.from({ length: axes }, (_, i) => (i === axis ? -1 : 1));
  return g.op('Reshape', [steps, g.ints(shape)]);
}

/** Returns the row of a pixel in [B H W, C]. */
const rowOf = (
  numbers: Numbers,
  image: Value,
  y: Value,
  x: Value,
  [height, width]: readonly Value[],
): Value =>
  sum(numbers, product(numbers, sum(numbers, product(numbers, image, height), y), width), x);

function windowTable(numbers: Numbers, { side, step, before, order }: WindowOptions): Value {
  const { g, constant, size } = numbers;
  const [imageAxis, windowAxis, positionAxis] = order === 'positions first' ? [2, 3, 0] : [0, 1, 3];
  const sizes = [size(HEIGHT), size(WIDTH)];
  const position = (axis: number): Value => {
    const count = g.op('Div', [sum(numbers, sizes[axis], constant(step - 1)), constant(step)]);
    return sum(
      numbers,
      product(numbers, range(numbers, count, windowAxis + axis, 5), constant(step)),
      range(numbers, constant(side), positionAxis + axis, 5),
      constant(-before),
    );
  };
  const [y, x] = [position(0), position(1)];
  const isWithin = (coordinate: Value, end: Value): Value =>
    g.op('And', [
      g.op('GreaterOrEqual', [coordinate, constant(0)]),
      g.op('Less', [coordinate, end]),
    ]);
  const isInside = g.op('And', [isWithin(y, size(HEIGHT)), isWithin(x, size(WIDTH))]);
  return g.op('Where', [
    isInside,
    rowOf(numbers, range(numbers, size(BATCH), imageAxis, 5), y, x, sizes),
    product(numbers, size(BATCH), size(HEIGHT), size(WIDTH)),
  ]);
}

function pixelTable(numbers: Numbers, side: number): Value {
  const { g, constant, size } = numbers;
  const y = range(numbers, size(HEIGHT), 1, 3);
  const x = range(numbers, size(WIDTH), 2, 3);
  const tileOf = (coordinate: Value): Value => g.op('Div', [coordinate, constant(side)]);
  const within = (coordinate: Value): Value => g.op('Mod', [coordinate, constant(side)]);
  const tiles = [size(HEIGHT), size(WIDTH)].map((length) =>
    tileOf(sum(numbers, length, constant(side - 1))),
  );
  const position = sum(numbers, product(numbers, within(y), constant(side)), within(x));
  return sum(
    numbers,
    product(numbers, position, size(BATCH), ...tiles),
    rowOf(numbers, range(numbers, size(BATCH), 0, 3), tileOf(y), tileOf(x), tiles),
  );
}

/** Returns the rows of images [B, C, H, W] as [B H W + 1, C]; the last row is `outside` [1, C]. */
export function pixelRows(g: Graph, x: Value, channels: number, outside: Value): Value {
  const rows = g.op('Reshape', [
    g.op('Transpose', [x], { perm: [0, 2, 3, 1] }),
    g.ints([-1, channels]),
  ]);
  return g.op('Concat', [rows, outside], { axis: 0 });
}
