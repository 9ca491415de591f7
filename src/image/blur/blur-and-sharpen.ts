// Blur and sharpening by a Gaussian over the square -1..1, with mirrored edges (comfy_extras/nodes_post_processing.py, nodes_latent.py).
// The kernel is a product of a row and a column, so the sums are taken across, then down, in double precision and rounded once.
import { DarkroomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Its weights along one side, 2 radius + 1 of them, which sum to 1. */
function gaussianRow(radius: number, sigma: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i / radius - 1) ** 2) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Throws DR_INPUT_INVALID when the mirrored edges would be wider than the picture. */
function fits(radius: number, height: number, width: number, input: string): void {
  if (radius < Math.min(height, width)) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${input} ${radius} is too large for a side of ${Math.min(height, width)}`,
    hint: `Give a smaller ${input}, or a larger picture.`,
    input,
  });
}

const mirror = (i: number, length: number): number =>
  i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;

/** The plane behind every position's Gaussian mean; `step` values lie between neighbours across, `stride` between those below each other. */
function blurPlane(
  data: Float32Array,
  start: number,
  [height, width]: readonly [number, number],
  [stride, step]: readonly [number, number],
  row: Float64Array,
): Float64Array {
  const radius = row.length >> 1;
  const across = new Float64Array(height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < row.length; k++)
        sum += row[k] * data[start + y * stride + mirror(x + k - radius, width) * step];
      across[y * width + x] = sum;
    }
  const out = new Float64Array(height * width);
  for (let y = 0; y < height; y++)
    for (let k = 0; k < row.length; k++) {
      const from = mirror(y + k - radius, height) * width;
      for (let x = 0; x < width; x++) out[y * width + x] += row[k] * across[from + x];
    }
  return out;
}

/** How planes lie: those of an NHWC picture, or of an NCHW tensor. */
type Layout = 'NHWC' | 'NCHW';

/** Every plane's blur mixed with the plane: `blurred` times the one and `own` times the other. */
function filter(
  x: Tensor,
  layout: Layout,
  radius: number,
  sigma: number,
  own: number,
  blurred: number,
  input: string,
): Tensor {
  const [n, a, b, c] = x.shape;
  const [height, width, channels] = layout === 'NHWC' ? [a, b, c] : [b, c, a];
  fits(radius, height, width, input);
  const row = gaussianRow(radius, sigma);
  const step = layout === 'NHWC' ? channels : 1;
  const out = new Float32Array(x.data.length);
  for (let plane = 0; plane < n * channels; plane++) {
    const [item, channel] = [Math.floor(plane / channels), plane % channels];
    const start =
      layout === 'NHWC' ? item * height * width * channels + channel : plane * height * width;
    const mean = blurPlane(x.data, start, [height, width], [width * step, step], row);
    for (let i = 0; i < mean.length; i++)
      out[start + i * step] = own * x.data[start + i * step] + blurred * mean[i];
  }
  return { shape: [...x.shape], data: out };
}

/** ImageBlur of an NHWC picture. Throws DR_INPUT_INVALID. */
export const blurImage = (image: Tensor, radius: number, sigma: number): Tensor =>
  filter(image, 'NHWC', radius, sigma, 0, 1, 'blur_radius');

/** What is taken off the blur and added to the picture: the kernel's sum stays 1. */
const gain = (alpha: number): number => Math.fround(alpha * 10);

/** ImageSharpen of an NHWC picture; result in 0..1. Throws DR_INPUT_INVALID. */
export function sharpenImage(image: Tensor, radius: number, sigma: number, alpha: number): Tensor {
  const sharpened = filter(
    image,
    'NHWC',
    radius,
    sigma,
    1 + gain(alpha),
    -gain(alpha),
    'sharpen_radius',
  );
  return { ...sharpened, data: sharpened.data.map((value) => Math.min(Math.max(value, 0), 1)) };
}

/** The same without the limits, of an NCHW tensor. Throws DR_INPUT_INVALID. */
export const sharpenPlanes = (x: Tensor, radius: number, sigma: number, alpha: number): Tensor =>
  filter(x, 'NCHW', radius, sigma, 1 + gain(alpha), -gain(alpha), 'sharpen_radius');
