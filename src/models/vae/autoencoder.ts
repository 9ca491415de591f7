// An autoencoder as nodes use it: images to latents and back.
import type { Tensor } from '../../tensor/tensor.ts';
import type { Tiles } from '../tiling.ts';
import type { Weights } from '../weights/tensors.ts';

export interface Autoencoder {
  readonly kind: 'kl' | 'taesd' | 'wan' | 'wan-image';
  readonly latentChannels: number;
  /** Pixels per latent cell and side (8; 16 for FLUX.2 and Qwen-Image 2.1). */
  readonly factor: number;
  /** The channels of pictures; 3 by default. */
  readonly imageChannels?: number;
  /**
   * Encodes images [N, H, W, 3] in 0..1 to unscaled latents [N, C, H/f, W/f] for the factor f (the
   * mean of the distribution, which is not sampled); where latents have frames, [1, C, T, H/f, W/f]
   * of a video. Images are cropped around the centre to multiples of `factor`. `tiles` are in
   * pixels.
   */
  encode(pixels: Tensor, tiles?: Tiles): Promise<Tensor>;
  /**
   * Decodes unscaled latents to images [N, fH, fW, 3], clamped to 0..1, the frames of videos one
   * after another. `tiles` are in latent cells.
   */
  decode(latents: Tensor, tiles?: Tiles): Promise<Tensor>;
  /** The tensors, by the prefixes of their names in a saved file. Absent without weights. */
  readonly weights?: Readonly<Record<string, Weights>>;
  /** Numbers that are saved with the tensors, by name. */
  readonly numbers?: Readonly<Record<string, number>>;
}
