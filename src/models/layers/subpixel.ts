// Nearest-neighbour enlargement to twice the size and a 3x3 convolution, as four 2x2 convolutions of the small picture, one for each place of a
// 2x2 cell (Shi et al. 2016, arXiv 1609.07009): the same sums with 2.25 times fewer products. The kernels' sums are folded on loading.
import type { Graph, Value } from '../../onnx/builder.ts';

/** The kernels [K, C, 2, 2] of the four places, row by row, from [K, C, 3, 3]. */
export function subpixelKernels(g: Graph, kernel: Value): Value[] {
  const row = (axis: number, from: number): Value =>
    g.op('Slice', [kernel, g.ints([from]), g.ints([from + 1]), g.ints([axis])]);
  // what falls on one cell is added: rows 1 and 2 for the upper place, 0 and 1 for the lower one
  const halves = [0, 1].map((place) => {
    const sum = g.op('Add', [row(2, place === 0 ? 1 : 0), row(2, place === 0 ? 2 : 1)]);
    return g.op('Concat', place === 0 ? [row(2, 0), sum] : [sum, row(2, 2)], { axis: 2 });
  });
  return halves.flatMap((half) =>
    [0, 1].map((place) => {
      const column = (from: number): Value =>
        g.op('Slice', [half, g.ints([from]), g.ints([from + 1]), g.ints([3])]);
      const sum = g.op('Add', [column(place === 0 ? 1 : 0), column(place === 0 ? 2 : 1)]);
      return g.op('Concat', place === 0 ? [column(0), sum] : [sum, column(2)], { axis: 3 });
    }),
  );
}

/** [B, C, H, W] -> [B, K, 2H, 2W] with the kernels of the four places. */
export function subpixelConv(
  g: Graph,
  x: Value,
  kernels: readonly Value[],
  bias: readonly Value[],
): Value {
  const places = kernels.map((kernel, i) => {
    const [y, place] = [i >> 1, i & 1];
    return g.op('Conv', [x, kernel, ...bias], {
      kernel_shape: [2, 2],
      pads: [1 - y, 1 - place, y, place],
    });
  });
  return g.op('DepthToSpace', [g.op('Concat', places, { axis: 1 })], { blocksize: 2, mode: 'DCR' });
}
