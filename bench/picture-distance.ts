// Distance of two images: PSNR, and SSIM (Wang et al. 2004) of the luminance with a Gaussian window
// of 11 pixels.
import type { Tensor } from '../src/tensor/tensor.ts';

/** PSNR in dB of images [1, H, W, 3] in 0..1, rounded to 8 bits. Infinite for equal ones. */
export function psnr(a: Tensor, b: Tensor): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++)
    sum += (Math.round(255 * a.data[i]) - Math.round(255 * b.data[i])) ** 2;
  return 10 * Math.log10((255 * 255 * a.data.length) / sum);
}

const RADIUS = 5;
const WINDOW = Array.from({ length: 2 * RADIUS + 1 }, (_, i) =>
  Math.exp(-((i - RADIUS) ** 2) / (2 * 1.5 * 1.5)),
);
const TOTAL = WINDOW.reduce((sum, w) => sum + w, 0);

/** SSIM, averaged over all positions where the window fits. */
export function ssim(a: Tensor, b: Tensor): number {
  const [, height, width] = a.shape;
  const grey = ({ data }: Tensor): Float64Array =>
    Float64Array.from(
      { length: height * width },
      (_, i) => 255 * (0.299 * data[3 * i] + 0.587 * data[3 * i + 1] + 0.114 * data[3 * i + 2]),
    );
  const [x, y] = [grey(a), grey(b)];
  const product = (p: Float64Array, q: Float64Array): Float64Array => p.map((v, i) => v * q[i]);
  const [mx, my, xx, yy, xy] = [x, y, product(x, x), product(y, y), product(x, y)].map((field) =>
    smoothed(field, height, width),
  );
  const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
  let sum = 0;
  for (let i = 0; i < mx.length; i++) {
    const [vx, vy, covariance] = [xx[i] - mx[i] ** 2, yy[i] - my[i] ** 2, xy[i] - mx[i] * my[i]];
    sum +=
      ((2 * mx[i] * my[i] + c1) * (2 * covariance + c2)) /
      ((mx[i] ** 2 + my[i] ** 2 + c1) * (vx + vy + c2));
  }
  return sum / mx.length;
}

function smoothed(field: Float64Array, height: number, width: number): Float64Array {
  const across = new Float64Array(height * (width - 2 * RADIUS));
  const w = width - 2 * RADIUS;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < w; x++)
      across[y * w + x] =
        WINDOW.reduce((sum, f, i) => sum + f * field[y * width + x + i], 0) / TOTAL;
  const both = new Float64Array((height - 2 * RADIUS) * w);
  for (let i = 0; i < both.length; i++)
    both[i] = WINDOW.reduce((sum, f, j) => sum + f * across[i + j * w], 0) / TOTAL;
  return both;
}
