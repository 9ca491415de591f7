// The network that encodes or decodes with an autoencoder: its memory, and what to do without it.
import type { NetworkSpec } from '../../runtime/network.ts';
import { sizeOf } from '../../tensor/tensor.ts';

/** Memory per pixel, measured with the KL autoencoder of SD1.5, which is wider than the others. */
const BYTES_PER_PIXEL = 5600;

const OUT_OF_MEMORY_HINTS = {
  encoder: 'Encode with VAEEncodeTiled, or use a smaller image.',
  decoder: 'Decode with VAEDecodeTiled, or use a smaller image.',
};

export interface CoderNetwork extends Pick<NetworkSpec, 'file' | 'variant' | 'build'> {
  readonly part: keyof typeof OUT_OF_MEMORY_HINTS;
  /** The pixels of a cell of its input. */
  readonly pixels: number;
}

/** A network from `x` [B, C, H, W], or [1, C, T, H, W] of a video, to `out`. */
export const coderNetwork = ({ part, pixels, ...spec }: CoderNetwork): NetworkSpec => ({
  ...spec,
  part: `vae ${part}`,
  outputs: ['out'],
  cacheSession: true,
  workingBytes: ({ x: { shape } }) => (BYTES_PER_PIXEL * pixels * sizeOf(shape)) / shape[1],
  outOfMemoryHint: OUT_OF_MEMORY_HINTS[part],
});
