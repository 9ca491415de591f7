// Latents in pictures, as LatentSender writes them.
import { latentExif, latentFromExif } from '../../../src/formats/latent-png.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => latentFromExif(input, 'input'),
  seeds: () => [latentExif({ shape: [1, 4, 1, 1], data: Float32Array.of(1, 2, 3, 4) })],
  dictionary: ['PK\x03\x04', 'latent_tensor', '"shape":[', '"dtype":"F32"', 'II*\0', 'MM\0*'],
};
