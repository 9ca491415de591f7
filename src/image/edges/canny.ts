// Edges (Canny 1986, "A Computational Approach to Edge Detection"), as kornia's canny finds them: grey, a Gaussian blur of 5 pixels, Sobel
// gradients, thinning along eight directions, two thresholds, hysteresis. Sums are in torch's order and float32, as equal neighbours decide.

import { DarkroomError } from '../../errors.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { sliceBatch, type Tensor, zeros } from '../../tensor/tensor.ts';

const f = Math.fround;

/** The Gaussian of deviation 1 as kornia computes it. */
const KERNEL = Float32Array.of(
  0.054488688707351685,
  0.24420136213302612,
  0.40261995792388916,
  0.24420136213302612,
  0.054488688707351685,
);
const EPSILON = f(1e-6);
const GREY = [0.299, 0.587, 0.114].map(f);
/** From so many numbers on, or for more than one picture, torch's convolution rounds a product and its sum once together. */
const FUSED_FROM = 20480;

/** Steps to the neighbour in each of the eight directions, as [x, y], from the angle 0 on by 45 degrees. */
const DIRECTIONS = [[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]] as const; // biome-ignore format: one line

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** The edges of images [N,H,W,C] of 1 or 3 colours: [N,H,W,1] of 0 and 1. Throws DR_INPUT_INVALID. */
export function canny(images: Tensor, low: number, high: number): Tensor {
  const [n, height, width, channels] = images.shape;
  check(low, high, channels, width, height);
  const out = zeros([n, height, width, 1]);
  for (let i = 0; i < n; i++) {
    const grey = greyOf(sliceBatch(images, i, i + 1));
    const blurred = blur(blur(grey, true, n), false, n);
    out.data.set(hysteresis(thinned(blurred), f(low), f(high)), i * height * width);
  }
  return out;
}

function check(low: number, high: number, channels: number, width: number, height: number): void {
  const wrong =
    low > high
      ? [
          `low_threshold ${low} is above high_threshold ${high}`,
          'Give a low threshold that is not above the high one.',
          'low_threshold',
        ]
      : channels !== 1 && channels !== 3
        ? [
            `the image has ${channels} channels`,
            'Give a colour picture without transparency.',
            'image',
          ]
        : width < 3 || height < 3
          ? [
              `a picture of ${width}x${height} pixels is too small for edges`,
              'Both sides must be at least 3 pixels.',
              'image',
            ]
          : undefined;
  if (wrong)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: wrong[0],
      hint: wrong[1],
      input: wrong[2],
    });
}

function greyOf({ shape: [, height, width, channels], data }: Tensor): Plane {
  if (channels === 1) return { width, height, data };
  const grey = new Float32Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    const [r, g, b] = GREY.map((weight, c) => f(weight * data[i * 3 + c]));
    grey[i] = f(r + g) + b;
  }
  return { width, height, data: grey };
}

const mirror = (i: number, length: number): number =>
  i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;

/** Along x or along y, with mirrored edges. */
function blur({ width, height, data }: Plane, alongX: boolean, pictures: number): Plane {
  const radius = KERNEL.length >> 1;
  const padded = alongX ? height * (width + 2 * radius) : (height + 2 * radius) * width;
  const fused = pictures > 1 || padded > FUSED_FROM;
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < KERNEL.length; k++) {
        const at = alongX
          ? y * width + mirror(x + k - radius, width)
          : mirror(y + k - radius, height) * width + x;
        const product = KERNEL[k] * data[at];
        sum = f(sum + (fused ? product : f(product)));
      }
      out[y * width + x] = sum;
    }
  return { width, height, data: out };
}

const SOBEL = [-1, 0, 1, -2, 0, 2, -1, 0, 1];

/** The gradient's magnitude where it is greater than at both neighbours in its direction, else 0. */
function thinned({ width, height, data }: Plane): Plane {
  const magnitude = new Float32Array(data.length);
  const direction = new Uint8Array(data.length);
  const clamp = (i: number, length: number): number => Math.min(Math.max(i, 0), length - 1);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let [gx, gy] = [0, 0];
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          const value = data[clamp(y + i - 1, height) * width + clamp(x + j - 1, width)];
          gx = f(gx + SOBEL[3 * i + j] * value);
          gy = f(gy + SOBEL[3 * j + i] * value);
        }
      const at = y * width + x;
      magnitude[at] = Math.sqrt(f(f(f(gx * gx) + f(gy * gy)) + EPSILON));
      direction[at] = (roundHalfEven(f(f(Math.atan2(gy, gx)) * f(4 / Math.PI))) + 8) % 8;
    }
  const value = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : magnitude[y * width + x];
  const kept = magnitude.map((own, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const [dx, dy] = DIRECTIONS[direction[at]];
    return own > value(x + dx, y + dy) && own > value(x - dx, y - dy) ? own : 0;
  });
  return { width, height, data: kept };
}

/** Strong edges, and weak ones that hang on them through their eight neighbours. */
function hysteresis({ width, height, data }: Plane, low: number, high: number): Float32Array {
  const edges = new Float32Array(data.length);
  const open: number[] = [];
  for (const [at, value] of data.entries())
    if (value > high) {
      edges[at] = 1;
      open.push(at);
    }
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [x, y] = [at % width, Math.floor(at / width)];
    for (const [dx, dy] of DIRECTIONS) {
      const next = (y + dy) * width + x + dx;
      if (
        x + dx < 0 ||
        x + dx >= width ||
        y + dy < 0 ||
        y + dy >= height ||
        edges[next] === 1 ||
        !(data[next] > low)
      )
        continue;
      edges[next] = 1;
      open.push(next);
    }
  }
  return edges;
}
