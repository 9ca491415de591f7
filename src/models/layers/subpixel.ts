// Nearest-neighbour upsampling to twice the size and a 3x3 convolution, as four 2x2 convolutions of
// the small image, one for each position in a 2x2 cell (Shi et al. 2016, arXiv 1609.07009): the
// same sums with 2.25 times fewer products. The kernels' sums are folded at load time.
import type { Graph, Value } from '../../onnx/builder.ts';

/**
 * Returns the kernels [K, C, 2, 2] of the four positions, row by row, from a kernel [K, C, 3, 3].
 */
export function subpixelKernels(g: Graph, kernel: Value): Value[] {
  const row = (axis: number, from: number): Value =>
    g.op('Slice', [kernel, g.ints([from]), g.ints([from + 1]), g.ints([axis])]);
  // rows that read the same pixel are added: 1 and 2 for the upper position, 0 and 1 for the lower
  // one
  const rowKernels = [0, 1].map((position) => {
    const sum = g.op('Add', [row(2, position === 0 ? 1 : 0), row(2, position === 0 ? 2 : 1)]);
    return g.op('Concat', position === 0 ? [row(2, 0), sum] : [sum, row(2, 2)], { axis: 2 });
  });
  return rowKernels.flatMap((rowKernel) =>
    [0, 1].map((position) => {
      const column = (from: number): Value =>
        g.op('Slice', [rowKernel, g.ints([from]), g.ints([from + 1]), g.ints([3])]);
      const sum = g.op('Add', [column(position === 0 ? 1 : 0), column(position === 0 ? 2 : 1)]);
      return g.op('Concat', position === 0 ? [column(0), sum] : [sum, column(2)], { axis: 3 });
    }),
  );
}

/** [B, C, H, W] -> [B, K, 2H, 2W] with the kernels of the four positions. */
export function subpixelConv(
  g: Graph,
  x: Value,
  kernels: readonly Value[],
  bias: readonly Value[],
): Value {
  const parts = kernels.map((kernel, i) => {
    const [row, column] = [i >> 1, i & 1];
    return g.op('Conv', [x, kernel, ...bias], {
      kernel_shape: [2, 2],
      pads: [1 - row, 1 - column, row, column],
    });
  });
  return g.op('DepthToSpace', [g.op('Concat', parts, { axis: 1 })], { blocksize: 2, mode: 'DCR' });
}
