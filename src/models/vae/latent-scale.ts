// How the latents of a model or of a ControlNet differ from those of its autoencoder
// (comfy.latent_formats).

export interface LatentScale {
  /** Model latents = (VAE latents - shift) * scale. */
  readonly scale: number;
  /** 0 by default, as for SD1, SD2 and SDXL. */
  readonly shift?: number;
  /** Per channel, if the format has them: model latents = (VAE latents - mean) * scale / std. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

const WAN_MEAN: readonly number[] = [
  -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508, 0.4134, -0.0715, 0.5517,
  -0.3632, -0.1922, -0.9497, 0.2503, -0.2921,
];

const WAN_DEVIATION: readonly number[] = [
  2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743, 3.2687, 2.1526, 2.8652, 1.5579,
  1.6382, 1.1253, 2.8251, 1.916,
];

/** Wan 2.1 and Qwen-Image. */
export const WAN_SCALE: LatentScale = { scale: 1, mean: WAN_MEAN, std: WAN_DEVIATION };
