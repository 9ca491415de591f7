// FLUX.2's latents: squares of cells of an autoencoder as one cell, with the channels of the cells
// beside each other: channel, row, column.
import type { Graph, Value } from '../../onnx/builder.ts';

/** The means of FLUX.2's latents, in its autoencoder. */
export const LATENT_MEANS = 'bn.running_mean';
/** Convolutions that only FLUX.2's tiny autoencoder has, in its decoder and its encoder. */
const POOLS = ['3.pool.0.weight', '11.pool.0.weight'];

/** Returns the side of the square of cells that is one cell of an autoencoder's latents. */
export const joinedCells = (tensors: { has(name: string): boolean }): number =>
  [LATENT_MEANS, ...POOLS].some((name) => tensors.has(name)) ? 2 : 1;

/** [B, C, H, W] -> [B, C side^2, H / side, W / side]. */
export function joinCells(g: Graph, x: Value, channels: number, side: number): Value {
  // SpaceToDepth has rows and columns outermost
  const order = Array.from(
    { length: channels * side ** 2 },
    (_, i) => (i % side ** 2) * channels + Math.floor(i / side ** 2),
  );
  return g.op('Gather', [g.op('SpaceToDepth', [x], { blocksize: side }), g.ints(order)], {
    axis: 1,
  });
}

/** The inverse of joinCells. */
export const splitCells = (g: Graph, x: Value, side: number): Value =>
  g.op('DepthToSpace', [x], { blocksize: side, mode: 'CRD' });
