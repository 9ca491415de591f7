// What each socket type carries. Packs add their types here.
import type { Clip } from '../runtime/clip.ts';
import type { Autoencoder } from '../runtime/types.ts';
import type { Conditioning, Latent, Model } from '../sampling/types.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface SocketValues {
  MODEL: Model;
  CLIP: Clip;
  VAE: Autoencoder;
  CONDITIONING: Conditioning;
  LATENT: Latent;
  /** [N,H,W,C] in 0..1 */
  IMAGE: Tensor;
  /** [N,H,W] in 0..1 */
  MASK: Tensor;
  INT: number | bigint;
  FLOAT: number;
  STRING: string;
  BOOLEAN: boolean;
  COMBO: string;
  '*': unknown;
}
