// ImagePadForOutpaint: adds grey borders to an image, and a mask of the area to paint that fades
// into it.
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Margins } from '../mask/core-masks.ts';

export interface Padded {
  readonly image: Tensor;
  /** [1,H,W]: 1 on the borders, 0 inside, quadratic in between. */
  readonly mask: Tensor;
}

/**
 * Pads an NHWC image by `margins`. The mask fades over `feathering` pixels inside each padded side,
 * unless that is more than half the image.
 */
export function padForOutpaint(image: Tensor, margins: Margins, feathering: number): Padded {
  const [n, h, w, channels] = image.shape;
  const { left, top, right, bottom } = margins;
  const height = h + top + bottom;
  const width = w + left + right;
  const data = allocate(n * height * width * channels).fill(0.5);
  for (let item = 0; item < n; item++)
    for (let y = 0; y < h; y++) {
      const from = (item * h + y) * w * channels;
      data.set(
        image.data.subarray(from, from + w * channels),
        ((item * height + top + y) * width + left) * channels,
      );
    }
  const mask = allocate(height * width).fill(1);
  const fades = feathering > 0 && feathering * 2 < h && feathering * 2 < w;
  for (let y = 0; y < h; y++) {
    const vertical = Math.min(top ? y : h, bottom ? h - y : h);
    for (let x = 0; x < w; x++) {
      const edge = Math.min(vertical, left ? x : w, right ? w - x : w);
      const v = fades && edge < feathering ? (feathering - edge) / feathering : 0;
      mask[(top + y) * width + left + x] = v * v;
    }
  }
  return {
    image: { shape: [n, height, width, channels], data },
    mask: { shape: [1, height, width], data: mask },
  };
}
